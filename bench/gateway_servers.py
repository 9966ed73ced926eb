"""The servers that `bench.gateway_rate` compares, all of them uvicorn on the same settings.

The gateway; an echo route; and what one would write first: a route that checks the signature and inserts a row.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import os
from typing import Any

import asyncpg
import uvloop
from sqlalchemy import make_url
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.kit.webhooks.signing import standard_webhook_keys
from deployments.gateway.serve import Server, serve_gateway, uvicorn_config

HOST = "127.0.0.1"


async def _echo(request: Request) -> Response:
    return Response(await request.body())


class _FirstTry:
    """Each webhook is checked and committed by itself, over ten connections. Nobody is asked whether it was there."""

    def __init__(self, pool: Any, secret: bytes) -> None:
        self._pool = pool
        self._keys = standard_webhook_keys(secret)

    async def take(self, request: Request) -> Response:
        body, headers = await request.body(), request.headers
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        made = [base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in self._keys]
        if not any(hmac.compare_digest(f"v1,{one}", headers["webhook-signature"]) for one in made):
            return Response(status_code=401)
        await self._pool.execute(
            "insert into first_try (id, body) values ($1, $2) on conflict do nothing",
            headers["webhook-id"],
            body,
        )
        return Response(status_code=200)


async def _serve_first_try(path: str, port: int, url: str, secret: bytes) -> None:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    async with asyncpg.create_pool(address, min_size=10, max_size=10) as pool:
        await pool.execute("create table if not exists first_try (id text primary key, body bytea not null)")
        app = Starlette(routes=[Route(path, _FirstTry(pool, secret).take, methods=["POST"])])
        await Server(uvicorn_config(app, host=HOST, port=port), ending=_at_once).serve()


async def _at_once() -> None:
    """Nobody listens, so nobody is let go."""


async def _serve_echo(path: str, port: int) -> None:
    app = Starlette(routes=[Route(path, _echo, methods=["POST"])])
    await Server(uvicorn_config(app, host=HOST, port=port), ending=_at_once).serve()


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve until told to stop.")
    parser.add_argument("what", choices=["gateway", "echo", "first_try"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    options = parser.parse_args()
    if options.what == "echo":
        uvloop.run(_serve_echo(options.path, options.port))
    elif options.what == "first_try":
        url, secret = os.environ["BENCH_DATABASE_URL"], os.environ["BENCH_SECRET"].encode()
        uvloop.run(_serve_first_try(options.path, options.port, url, secret))
    else:
        url, key = os.environ["BENCH_DATABASE_URL"], os.environ["BENCH_KEY"]
        uvloop.run(serve_gateway(url, key, host=HOST, port=options.port))


if __name__ == "__main__":
    main()
