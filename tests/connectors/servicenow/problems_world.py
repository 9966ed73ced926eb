"""An instance whose problems are issues, and the connector upon it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import SecretStr

from connectors.kit.fakes.faults import Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.servicenow import ServiceNowProblems, ServiceNowSettings
from connectors.servicenow.fake.app import ADDRESS, PASSWORD, FakeServiceNow
from connectors.servicenow.fake.encoded import Row
from connectors.servicenow.fake.instance import (
    AGENT,
    BOT,
    COMMENTS,
    PROBLEM,
    STATES,
    WORK_NOTES,
)
from tests.contracts.webhook_source import FIRST, SECOND


class ProblemsWorld:
    """The instance behind the connector's back."""

    change_path = "/table/problem"

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.fake = FakeServiceNow(clock=self.now, secret=FIRST.decode())
        self.instance = self.fake.instance
        self.faults: Faults = self.fake.faults

    def create_issue(self, title: str, text: str) -> str:
        fields = {"short_description": title, "description": text}
        return self.instance.insert(PROBLEM, fields, by=AGENT)["number"]

    def write(self, key: str, text: str) -> None:
        self.instance.say(PROBLEM, self.row(key)["sys_id"], text, by=AGENT, element=WORK_NOTES)

    def move(self, key: str, status: str) -> None:
        value = next(value for value, label in STATES[PROBLEM].items() if label == status)
        self.instance.update(PROBLEM, self.row(key), {"state": value}, by=AGENT)

    def delete(self, key: str) -> None:
        self.instance.remove(PROBLEM, self.row(key)["sys_id"])

    def titles(self) -> Sequence[str]:
        return [one["short_description"] for one in self.instance.tables[PROBLEM].values()]

    def comments(self, key: str) -> Sequence[str]:
        record = self.row(key)["sys_id"]
        entries = [*self.instance.entries(record, COMMENTS), *self.instance.entries(record, WORK_NOTES)]
        return [one["value"] for one in sorted(entries, key=lambda one: one["sys_id"])]

    def public_texts(self, key: str) -> Sequence[str]:
        return [one["value"] for one in self.instance.entries(self.row(key)["sys_id"], COMMENTS)]

    def keep_nothing_private(self) -> None:
        self.instance.publishes = True

    def go_deaf(self) -> None:
        self.instance.is_deaf = True

    def write_in_between(self, text: str) -> None:
        key = next(iter(self.instance.tables[PROBLEM].values()))["number"]
        self.instance.before_change.append(lambda: self.write(key, text))

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time

    def row(self, key: str) -> Row:
        return next(one for one in self.instance.tables[PROBLEM].values() if one["number"] == key)


def settings(**changes: object) -> ServiceNowSettings:
    values: dict[str, object] = {
        "base_url": ADDRESS,
        "user": BOT,
        "password": SecretStr(PASSWORD),
        "serves": "engineers",
        "signing_secrets": [SecretStr(FIRST.decode()), SecretStr(SECOND.decode())],
        "requests_per_minute": 1_000_000,
    }
    return ServiceNowSettings.model_validate(values | changes)


def connect(
    world: ProblemsWorld, transport: httpx.AsyncBaseTransport | None = None, **changes: object
) -> ServiceNowProblems:
    inner = transport or InProcessTransport(world.fake.app)
    return ServiceNowProblems("servicenow/fixes", settings(**changes), transport=inner)
