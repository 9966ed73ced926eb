"""A listener's face: operators look at it, and webhooks are told where to go."""

from __future__ import annotations

import httpx

from deployments.gateway.app import Gateway
from deployments.gateway.hearing.listener import OperatorsOnly
from tests.deployments.gateway.wire import serving


async def test_operators_see_it_and_webhooks_do_not_arrive(gateway: Gateway):
    async with (
        serving(OperatorsOnly(gateway)) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
    ):
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code in {200, 503}
        assert "liaison_lane_waiting" in (await http.get("/metrics")).text
        for path in ("/hooks/zendesk/support", "/board/", "/reports/x/y"):
            answer = await http.post(path)
            assert (answer.status_code, "to the gateway" in answer.text) == (404, True)
