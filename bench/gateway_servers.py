"""The two servers that `bench.gateway_rate` compares: the gateway, and an echo route on the same settings."""

from __future__ import annotations

import argparse
import os

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deployments.gateway.serve import Server, serve_gateway, uvicorn_config

HOST = "127.0.0.1"


async def _echo(request: Request) -> Response:
    return Response(await request.body())


async def _at_once() -> None:
    """Nobody listens, so nobody is let go."""


async def _serve_echo(path: str, port: int) -> None:
    app = Starlette(routes=[Route(path, _echo, methods=["POST"])])
    await Server(uvicorn_config(app, host=HOST, port=port), ending=_at_once).serve()


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve until told to stop.")
    parser.add_argument("what", choices=["gateway", "echo"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    options = parser.parse_args()
    if options.what == "echo":
        uvloop.run(_serve_echo(options.path, options.port))
    else:
        url, key = os.environ["BENCH_DATABASE_URL"], os.environ["BENCH_KEY"]
        uvloop.run(serve_gateway(url, key, host=HOST, port=options.port))


if __name__ == "__main__":
    main()
