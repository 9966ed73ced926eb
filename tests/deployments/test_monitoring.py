"""Alerts and dashboard ask for figures that there are, and each alert has a line that says what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from deployments.gateway.metrics import Metrics
from deployments.machine.disk import disk_of
from incidents.effects import EffectState
from incidents.events import Lane
from incidents.promises.updates import PromiseCounts
from incidents.store.database import Database
from incidents.store.health.backlog import read_backlog
from incidents.store.inbox.writer import InboxWriter
from tests.docs.documents import PROJECT
from tests.incidents.store.examples import delivery

FOLDER = PROJECT / "deployments" / "monitoring"
OTHERS = {"up"}
"""Prometheus' own."""
NAME = re.compile(r"\b(liaison_[a-z_]+|process_[a-z_]+)\b")


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    return list(group["rules"])


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    for panel in json.loads((FOLDER / "dashboard.json").read_text())["panels"]:
        yield from (target["expr"] for target in panel["targets"])


async def exposed(database: Database) -> set[str]:
    """The names of all figures of a gateway that has seen everything once."""
    metrics = Metrics(disk_of(database.url))
    metrics.count("zendesk/a", "new")
    metrics.count_ring(Lane.INTAKE, "rung")
    metrics.set_aside({("zendesk/a", "parked"): 1})
    metrics.promised(PromiseCounts(made=1, by_person=1, by_safe_text=0, broken=0))
    metrics.given_up(1)
    metrics.engine(is_up=True)
    async with database.transaction() as tx:
        metrics.backlog(await read_backlog(tx))
    return set(re.findall(r"^(\w+)(?:\{| )", metrics.exposition().decode(), re.MULTILINE))


async def test_every_figure_that_is_asked_for_is_there(database: Database):
    known = await exposed(database)
    asked = {name for expression in expressions() for name in NAME.findall(expression)}
    assert len(asked) > 8
    assert asked - known == set()


def test_each_alert_says_what_to_do():
    """In the run book, once."""
    page = (PROJECT / "docs" / "monitoring.md").read_text("utf-8")
    book = re.findall(r"^\| (Liaison\w+) \|", page, re.MULTILINE)
    assert book == [rule["alert"] for rule in rules()]
    steps = (PROJECT / "docs" / "runbooks.md").read_text("utf-8")
    assert re.findall(r"^## (Liaison\w+)$", steps, re.MULTILINE) == book
    assert {rule["labels"]["severity"] for rule in rules()} == {"page", "ticket"}


async def test_the_backlog(database: Database):
    """Nothing waits; then a delivery does, and its age is counted."""
    async with database.transaction() as tx:
        calm = await read_backlog(tx)
    assert {lane: one.waiting for lane, one in calm.lanes.items()} == dict.fromkeys(Lane, 0)
    assert (calm.overdue, calm.promise_overdue, calm.emergency) == (0, 0, False)
    assert calm.effects[EffectState.HELD] == 0
    inbox = InboxWriter(database)
    inbox.start()
    await inbox.accept("zendesk/a", Lane.INTAKE, delivery())
    await inbox.aclose()
    async with database.transaction() as tx:
        busy = await read_backlog(tx)
    assert busy.lanes[Lane.INTAKE].waiting == 1
    assert 0 <= busy.lanes[Lane.INTAKE].oldest < 60
