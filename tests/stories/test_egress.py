"""A thousand secrets and personal strings are confided to tickets; none of them is found anywhere outside the helpdesk.

How well single secrets are recognised is `make bench only=redaction`. Here it is whether there is a way out that goes
past the redaction: what is quoted elsewhere (subjects, notes, answers) holds secrets that it knows, what is not quoted
(bodies) holds any.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import ArtifactFilter, FlowRunFilter

from bench.redaction.figures import PROMISED, Planted, planted
from blocks.connect import _Open
from blocks.staticpage import StaticPageBlock
from incidents.models import IncidentState
from tasks import resources
from tests.stories.installation import Installation
from tests.stories.test_issues import Tracker

TICKETS = 20
CONFIDED = 1000
PAGE = 200
AGENT = "Grace Agent"


def _parts(secret: Planted) -> list[str]:
    """What must not be found: the secret as it stands, or, of a short one in several words, its longer words.

    Not a plain word: Prefect gives runs of other tests names such as `blazing-dragon`.
    """
    words = [word for word in re.split(r"\s+", secret.secret) if len(word) >= 6]
    found = [secret.secret] if len(secret.secret) >= 6 else words
    return [part for part in found if not part.isalpha()]


@pytest.fixture(scope="module")
def confided() -> list[Planted]:
    return list(planted(CONFIDED, seed=4711))


@dataclass(frozen=True)
class Elsewhere:
    """The issue tracker and the status page of this story."""

    tracker: Tracker
    page: Path


@pytest.fixture
async def elsewhere(liaison: Installation, tmp_path: Path) -> Elsewhere:
    """The policy names both, and the public is told without being asked."""
    folder = tmp_path / "status"
    await StaticPageBlock(folder=str(folder), services=["Checkout"]).save("story", overwrite=True)
    double = Tracker()
    resources._here().connections._open["redmine/story"] = _Open(double, {}, time.monotonic() + 3600)
    narrowed(liaison, {})
    return Elsewhere(double, folder)


def narrowed(liaison: Installation, egress: Mapping[str, Any]) -> None:
    liaison.write_policy(
        {
            "services": {"checkout": {"tracker": "redmine/story"}},
            "teams": {"payments": {"status_page": "staticpage/story"}},
            "status_page": {"approval": "not_needed"},
            "egress": dict(egress),
        }
    )


async def test_nothing_confided_leaves_the_helpdesk(
    liaison: Installation,
    elsewhere: Elsewhere,
    confided: list[Planted],
    prefect_client: PrefectClient,
    caplog: pytest.LogCaptureFixture,
):
    """Through a whole outage, with notes, an answer that reopens it, and its end."""
    caplog.set_level(logging.INFO)
    known = iter([one for one in confided if one.kind in PROMISED and not one.came_through])
    subjects, notes = list(islice(known, TICKETS)), list(islice(known, TICKETS))
    answer = next(known)
    quoted = {one.text for one in (*subjects, *notes, answer)}
    left = [one.text for one in confided if one.text not in quoted]
    bodies = [left[number::TICKETS] for number in range(TICKETS)]
    people = [f"Quillfeather{number} Brackenbury" for number in range(TICKETS)]
    desk = liaison.world.zendesk
    liaison.world.break_checkout()
    tickets = [
        desk.create_ticket(
            name,
            f"{name.partition(' ')[0].lower()}@hollowmere.example",
            f"Checkout fails: {subject.text}",
            "\n".join(body),
            (),
        )
        for name, subject, body in zip(people, subjects, bodies, strict=True)
    ]
    await liaison.intake()
    for ticket, note in zip(tickets, notes, strict=True):
        desk.agent_note(ticket, AGENT, f"The customer says: {note.text}")
    await liaison.intake()
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    await liaison.resolved()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    liaison.world.break_checkout()
    desk.customer_reply(tickets[3], f"Sorry, but it is still broken for me. {answer.text}")
    await liaison.intake()
    assert (await liaison.incident()).generation == 2, "the answer was heard"

    sinks = await _sinks(liaison, elsewhere, prefect_client, caplog)
    assert all(len(text) > 50 for text in sinks.values()), "each of them was told something"
    found = {(name, one) for name, text in sinks.items() for one in _found(text, confided, people)}
    assert not found
    at_home = json.dumps(
        [asdict(desk.tickets[ticket]) for ticket in tickets], default=str, ensure_ascii=False
    )
    assert len(_found(at_home, confided, people)) > 900, "what is not there could not be found elsewhere"


SUBJECT, SAID, WRITER = "Velociraptor till 77 refuses", "the Brontosaurus is asleep", "Grace Agent"
NAMED = {
    "subject": "Velociraptor",
    "words": "Brontosaurus",
    "agent": WRITER,
    "customer": "Ottoline Fairweather",
    "link": "/agent/tickets/",
}


@pytest.mark.parametrize(
    ("egress", "gone"),
    [
        ({}, ["customer"]),
        (
            {"chat": ["number"], "pager": ["number"], "tracker": ["number"]},
            ["customer", "subject", "words", "agent", "link"],
        ),
    ],
)
async def test_what_a_way_may_not_have_does_not_go_by_it(
    *,
    liaison: Installation,
    elsewhere: Elsewhere,
    prefect_client: PrefectClient,
    caplog: pytest.LogCaptureFixture,
    egress: dict[str, Any],
    gone: list[str],
):
    """A subject, a note, names and links, on their ways to the pager, the room, the tracker and the public. The first
    case is the control: what may go is found there."""
    narrowed(liaison, egress)
    desk = liaison.world.zendesk
    liaison.world.break_checkout()
    ticket = desk.create_ticket(NAMED["customer"], "ottoline@hollowmere.example", SUBJECT, "checkout", ())
    desk.agent_take(ticket, WRITER)
    await liaison.intake()
    desk.agent_note(ticket, WRITER, f"{NAMED['customer']} says that {SAID}")
    await liaison.intake()
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    await liaison.resolved()
    liaison.world.break_checkout()
    desk.customer_reply(ticket, f"It is still broken, and {SAID}")
    await liaison.intake()
    assert (await liaison.incident()).generation == 2, "the answer was heard"
    sinks = await _sinks(liaison, elsewhere, prefect_client, caplog)
    for sink in ("pager", "chat", "tracker"):
        told = {kind for kind, words in NAMED.items() if words in sinks[sink]}
        assert not told & set(gone), sink
        assert f"#{ticket}" in sinks[sink], "the number may go"
    assert not [words for words in NAMED.values() if words in sinks["status page"]]
    everywhere = {kind for kind, words in NAMED.items() if words in sinks["pager"] + sinks["chat"]}
    assert everywhere == set(NAMED) - set(gone)


def _found(text: str, confided: list[Planted], people: list[str]) -> set[tuple[str, str]]:
    quoted = json.dumps(text, ensure_ascii=False)
    secrets = {(one.kind, part) for one in confided for part in _parts(one) if part in text or part in quoted}
    return secrets | {("person", one) for one in (*people, "hollowmere") if one in text}


async def _sinks(
    liaison: Installation,
    elsewhere: Elsewhere,
    prefect: PrefectClient,
    caplog: pytest.LogCaptureFixture,
) -> dict[str, str]:
    """Everything that was told outside the helpdesk, by where."""
    world = liaison.world
    artifacts = await _all(partial(prefect.read_artifacts, artifact_filter=ArtifactFilter()))
    runs = await _all(partial(prefect.read_flow_runs, flow_run_filter=FlowRunFilter()))
    async with httpx.AsyncClient(trust_env=False) as client:
        gateway = world.zendesk.webhooks.url.partition("/hooks/")[0]
        metrics = (await client.get(f"{gateway}/metrics")).text
    pages = [asdict(page) for page in world.pagerduty.pages]
    notes = [note.content for incident in world.pagerduty.incidents for note in incident.notes]
    channels = [[one.name, one.topic, one.messages] for one in world.slack.workspace.channels.values()]
    return {
        "pager": json.dumps([pages, notes], default=str, ensure_ascii=False),
        "tracker": json.dumps([elsewhere.tracker.opened, elsewhere.tracker.comments], ensure_ascii=False),
        "status page": "\n".join(
            file.read_text("utf-8") for file in sorted(elsewhere.page.rglob("*")) if file.is_file()
        ),
        "chat": json.dumps(channels, default=str, ensure_ascii=False),
        "artifacts": "\n".join(str(one.data) for one in artifacts),
        "runs": "\n".join(str([run.name, run.parameters, run.tags]) for run in runs),
        "metrics": metrics,
        "log": caplog.text,
        "remedies": json.dumps([asdict(run) for run in world.checkout.runs], default=str),
    }


async def _all(read: Callable[..., Awaitable[list[Any]]]) -> list[Any]:
    """Page by page: on a server that other tests use too, the first page may hold nothing of this story."""
    found: list[Any] = []
    while part := await read(limit=PAGE, offset=len(found)):
        found += part
    return found
