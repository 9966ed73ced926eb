"""`liaison listener`: hears what connections say, and takes no webhooks: for who keeps the gateways from calling out.

GET /healthz, /readyz, /metrics    as the gateway's (deployments.gateway.app); nothing else is here
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from deployments.gateway.answers import HookAnswer

FOR_OPERATORS = frozenset({"/healthz", "/readyz", "/metrics"})
NOTHING_HERE = HookAnswer(404, b"a listener takes no webhooks: they go to the gateway\n")


class OperatorsOnly:
    """Of a gateway's face what operators look at."""

    def __init__(self, gateway: ASGIApp) -> None:
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in FOR_OPERATORS:
            await NOTHING_HERE.send(send)
            return
        await self._gateway(scope, receive, send)
