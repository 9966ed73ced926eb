"""A ServiceNow of our own, with a clock that moves when told, and the connector upon it: of incidents and of cases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from connectors.kit.fakes.faults import Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.kit.marks import unmarked
from connectors.servicenow import ServiceNowHelpdesk, ServiceNowSettings
from connectors.servicenow.fake.app import ADDRESS, PASSWORD, FakeServiceNow
from connectors.servicenow.fake.encoded import Row
from connectors.servicenow.fake.instance import AGENT, BOT, CASE, COMMENTS, INCIDENT, WORK_NOTES
from tests.contracts.webhook_source import FIRST, SECOND

TAGS = "u_liaison_tags"


class ServiceNowWorld:
    """The instance behind the connector's back; its tickets are those of one table."""

    hide_path = ""
    read_path = "/sys_journal_field"

    def __init__(self, table: str = INCIDENT) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.table = table
        # The slash: lists are read without it, and only changes are made below.
        self.update_path = self.bulk_path = f"/table/{table}/"
        self.fake = FakeServiceNow(clock=self.now, secret=FIRST.decode())
        self.instance = self.fake.instance
        self.faults: Faults = self.fake.faults

    def create_ticket(self, subject: str, body: str, *, name: str, email: str) -> str:
        customer = self.instance.person(email.partition("@")[0], name, email)
        column = "contact" if self.table == CASE else "caller_id"
        fields = {"short_description": subject, "description": body, column: customer}
        return self.instance.insert(self.table, fields, by=email.partition("@")[0])["sys_id"]

    def remove_ticket(self, id: str) -> None:
        self.instance.remove(self.table, id)

    def delete_ticket(self, id: str) -> None:
        self.remove_ticket(id)

    def agent_note(self, id: str, text: str) -> None:
        self.instance.say(self.table, id, text, by=AGENT, element=WORK_NOTES)

    def agent_reply(self, id: str, text: str) -> None:
        self.instance.say(self.table, id, text, by=AGENT)

    def refuse_updates(self, id: str) -> None:
        self.instance.locked.add(id)

    def customer_reply(self, id: str, text: str) -> None:
        self.instance.say(self.table, id, text, by=self.customer(id))

    def public_replies(self, id: str) -> Sequence[str]:
        return self._house(id, COMMENTS)

    def private_notes(self, id: str) -> Sequence[str]:
        return self._house(id, WORK_NOTES)

    def tags(self, id: str) -> Sequence[str]:
        return self.row(id)[TAGS].split(",")

    def lose_privacy(self) -> None:
        self.instance.publishes, self.instance.hides = True, False

    def hide_replies(self) -> None:
        self.instance.hides, self.instance.publishes = True, False

    def keep_flags(self) -> None:
        self.instance.hides = self.instance.publishes = False

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time

    def row(self, id: str) -> Row:
        return self.instance.tables[self.table][id]

    def customer(self, id: str) -> str:
        """The user name of whose ticket it is."""
        column = "contact" if self.table == CASE else "caller_id"
        return self.instance.tables["sys_user"][self.row(id)[column]]["user_name"]

    def _house(self, id: str, element: str) -> list[str]:
        entries = self.instance.entries(id, element)
        return [unmarked(one["value"]) for one in entries if one["sys_created_by"] in (BOT, AGENT)]


def settings(table: str = INCIDENT, /, **changes: object) -> ServiceNowSettings:
    values: dict[str, object] = {
        "base_url": ADDRESS,
        "user": BOT,
        "password": SecretStr(PASSWORD),
        "table": table,
        "signing_secrets": [SecretStr(FIRST.decode()), SecretStr(SECOND.decode())],
        "tag_field": TAGS,
        "requests_per_minute": 1_000_000,
    }
    return ServiceNowSettings.model_validate(values | changes)


def connect(
    world: ServiceNowWorld, transport: httpx.AsyncBaseTransport | None = None, **changes: object
) -> ServiceNowHelpdesk:
    inner = transport or InProcessTransport(world.fake.app)
    return ServiceNowHelpdesk("servicenow/support", settings(world.table, **changes), transport=inner)


@pytest.fixture(params=[INCIDENT, CASE])
def table(request: pytest.FixtureRequest) -> str:
    """Each contract is kept for both."""
    return str(request.param)


@pytest.fixture
def world(table: str) -> ServiceNowWorld:
    return ServiceNowWorld(table)


@pytest.fixture
async def helpdesk(world: ServiceNowWorld) -> AsyncIterator[ServiceNowHelpdesk]:
    connected = connect(world)
    yield connected
    await connected.aclose()


@pytest.fixture
def ticket(world: ServiceNowWorld) -> str:
    return world.create_ticket("Cannot pay", "Refused", name="Ada", email="ada@customer.example")
