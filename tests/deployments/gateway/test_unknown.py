"""Paths that name no connection: impossible ones are told so, possible ones are asked for again."""

from __future__ import annotations

import pytest

from deployments.gateway.app import Gateway
from tests.deployments.gateway.conftest import Sender, Store
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.deployments.gateway.vendors import HTTP, http_settings

IMPOSSIBLE = [
    "/hooks/",
    "/hooks/zendesk",
    "/hooks/zendesk/",
    "/hooks/zendesk/support/",
    "/hooks/zendesk/Support",
    "/hooks/zendesk/sup%20port",
    "/hooks/zendesk/..%2f..%2fetc",
    "/hooks/zendesk/%00",
    "/hooks/zendesk/%2525",
    "/hooks/zendesk/" + "a" * 10_000,
    "/hooks/nosuchvendor/main",
    "/hooks/Zendesk/support",
    "/hooks//support",
    "/hooks/zendesk/\u00fcber",
    "/hook/zendesk/support",
    "/",
    "//",
    "/HOOKS/zendesk/support",
]


@pytest.mark.parametrize("path", IMPOSSIBLE, ids=lambda path: path[:30])
async def test_a_path_that_can_never_exist(path: str, sender: Sender, prefect: PrefectApi):
    """404: an operator's typing error must show in the vendor's screens; and nobody asks Prefect about it."""
    prefect.requests.clear()
    answer = await sender.http.post(path, content=HTTP.event, headers=HTTP.sign(HTTP.event))
    assert answer.status_code == 404
    assert prefect.requests == []


async def test_a_connection_that_is_not_saved_yet(sender: Sender, caplog: pytest.LogCaptureFixture):
    """503: the operator may set up the vendor's side first, and nothing may be lost until he saves the block."""
    answer = await sender.http.post("/hooks/zendesk/new", content=b"{}")
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert "save a block of that name" in caplog.text


async def test_a_connection_saved_a_moment_ago(sender: Sender, prefect: PrefectApi, store: Store):
    """Its first webhook makes us look, so that saving a block works at once."""
    prefect.is_away = False
    prefect.settings["http/new"] = http_settings()
    answer = await sender.http.post("/hooks/http/new", content=HTTP.event, headers=HTTP.sign(HTTP.event))
    assert answer.status_code == 200
    (row,) = await store.deliveries()
    assert row.connection == "http/new"


async def test_strangers_cannot_make_us_ask_prefect_all_the_time(
    gateway: Gateway, sender: Sender, prefect: PrefectApi, caplog: pytest.LogCaptureFixture
):
    """One look in a while, whatever names they make up; and no log line for each of them."""
    gateway._sources._look_every = 3600.0
    prefect.is_away = False
    prefect.requests.clear()
    caplog.clear()
    for number in range(50):
        assert (await sender.http.post(f"/hooks/http/name-{number}")).status_code == 503
    assert prefect.requests.count("GET /api/block_types/slug/http/block_documents") == 1
    assert sum("http/name-" in line for line in caplog.messages) == 1


async def test_a_stranger_s_words_are_not_counted_by(sender: Sender):
    """Each would be a time series for ever."""
    await sender.http.post("/hooks/http/made-up")
    await sender.http.post("/hooks/made-up/name")
    counted = (await sender.http.get("/metrics")).text
    assert "made-up" not in counted
    assert 'liaison_deliveries_total{connection="unknown",result="not_saved"} 1.0' in counted
    assert 'liaison_deliveries_total{connection="unknown",result="no_such_path"} 1.0' in counted


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_another_method(method: str, sender: Sender, store: Store):
    """A person who opens the address in a browser is told what it is for."""
    answer = await sender.http.request(method, HTTP.path, content=HTTP.event, headers=HTTP.sign(HTTP.event))
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert await store.deliveries() == []
