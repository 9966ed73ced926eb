"""`liaison fakes` starts them for users, says how to reach them, and breaks them on command."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.kit.fakes.faults import FaultKind
from deployments.fakes.faults import OrderedFault, UnknownFault, fault_from
from deployments.fakes.serve import Fakes, FakesOptions, PortTaken, obey, serve_fakes


@contextmanager
def started(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The command, and what it printed."""
    command = [sys.executable, "-m", "deployments.cli", "fakes", "--json", "--port", "0", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603  our own command
        command, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def test_they_are_started_broken_and_stopped() -> None:
    """A fault of the command line, one that is typed, and an end without an error."""
    with started("--fault", "429:1:/api/v2/") as (process, served), httpx.Client(trust_env=False) as client:
        agent = (f"{served['zendesk']['keys']['email']}/token", served["zendesk"]["keys"]["api_token"])
        tickets = f"{served['zendesk']['address']}/api/v2/tickets.json"
        limited, told = client.get(tickets, auth=agent), client.get(tickets, auth=agent)
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "2")
        assert limited.json()["error"] == "APIRateLimitExceeded"
        assert [ticket["subject"] for ticket in told.json()["tickets"]] == ["Cannot pay"]

        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write("lost-reply:1:/incidents\n")
        process.stdin.flush()
        assert process.stderr.readline().strip() == "fault: lost-reply:1:/incidents"
        with pytest.raises(httpx.TransportError):
            client.get(f"{served['pagerduty']['address']}/incidents")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


@pytest.mark.parametrize("vendor", ["zendesk", "pagerduty", "slack"])
def test_the_printed_call_works(vendor: str) -> None:
    """Word for word, over https with the certificate that is named."""
    with started("--tls") as (_, served):
        shown = served[vendor]
        assert shown["address"].startswith("https://")
        command = shown["curl"]
        answered = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
        if answered.returncode == 127:
            pytest.skip("no curl here")
        assert answered.returncode == 0, answered.stderr
        assert {"zendesk": "tickets", "pagerduty": "incidents", "slack": "ok"}[vendor] in json.loads(
            answered.stdout
        )


def test_a_certificate_that_stays(tmp_path: Path) -> None:
    """Clients can be told beforehand what to trust."""
    with started("--tls", "--certificates", str(tmp_path)) as (_, served):
        trust = ssl.create_default_context(cafile=served["certificate"]["path"])
        assert Path(served["certificate"]["path"]).parent == tmp_path
        with httpx.Client(verify=trust, trust_env=False) as client:
            token = {"Authorization": f"Bearer {served['slack']['keys']['bot_token']}"}
            answer = client.post(f"{served['slack']['address']}/api/auth.test", headers=token)
            assert answer.json()["ok"] is True


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("429", OrderedFault(kind=FaultKind.RATE_LIMIT, times=None, where="")),
        ("lost-reply:3", OrderedFault(kind=FaultKind.DROP_REPLY, times=3, where="")),
        ("503::/api/", OrderedFault(kind=FaultKind.OUTAGE, times=None, where="/api/")),
        (" slow:1:/tickets ", OrderedFault(kind=FaultKind.DELAY, times=1, where="/tickets")),
    ],
)
def test_words_for_faults(text: str, fault: OrderedFault) -> None:
    """Kind, how often, where."""
    assert fault_from(text) == fault


@pytest.mark.parametrize("text", ["418", "", "429:often", "429:0"])
def test_words_for_no_fault(text: str) -> None:
    """The answer names what there is, or how it is written."""
    with pytest.raises(UnknownFault, match=r"take one of 429, .*slow|write 429:3"):
        fault_from(text)


def test_typed_lines() -> None:
    """A fault is armed at all three until all is well; nonsense is told and changes nothing."""
    fakes = Fakes()
    assert obey(fakes, "500") == "fault: 500"
    assert [faults.take("/") for faults in fakes.faults] == [(FaultKind.CRASH, 0.0)] * 3
    assert "no fault" in obey(fakes, "boom")
    assert obey(fakes, "well") == "all goes well"
    assert [faults.take("/") for faults in fakes.faults] == [None] * 3


def test_webhooks_go_to_a_gateway() -> None:
    """All three name the connection."""
    fakes = Fakes()
    fakes.point_webhooks_at("http://127.0.0.1:8400/", "trial")
    assert fakes.slack.webhooks.url == "http://127.0.0.1:8400/hooks/slack/trial"
    assert fakes.pagerduty.subscription.url == "http://127.0.0.1:8400/hooks/pagerduty/trial"
    assert fakes.zendesk.webhooks.url == "http://127.0.0.1:8400/hooks/zendesk/trial"


async def test_a_port_that_is_taken_is_told() -> None:
    """With the cure, and the process goes on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortTaken, match="choose others with --port"):
            await serve_fakes(FakesOptions(port=other.getsockname()[1]))
