"""A Salesforce of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from connectors.kit.fakes.faults import Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.kit.marks import unmarked
from connectors.salesforce import Salesforce, SalesforceSettings
from connectors.salesforce.fake.app import ADDRESS, CLIENT, FakeSalesforce
from connectors.salesforce.fake.org import BOT_NAME, ORGANIZATION
from connectors.salesforce.rest.api import ROOT
from tests.contracts.webhook_source import FIRST, SECOND

TAGS = "Tags__c"
STATUSES = {
    "New": "new",
    "Working": "open",
    "Escalated": "open",
    "Waiting on Customer": "waiting_for_customer",
    "Solved": "solved",
    "Closed": "closed",
}


@cache
def keys() -> tuple[str, str]:
    """A private key and its public half, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


class SalesforceWorld:
    """The organization behind the connector's back."""

    update_path = bulk_path = f"POST {ROOT}/sobjects/CaseComment"
    hide_path = f"PATCH {ROOT}/sobjects/CaseComment/"
    read_path = f"GET {ROOT}/sobjects/CaseComment/"

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.fake = FakeSalesforce(public_key=keys()[1], clock=self.now)
        self.org = self.fake.org
        self.faults: Faults = self.fake.faults
        self.portal_users: dict[str, str] = {}

    def create_ticket(self, subject: str, body: str, *, name: str, email: str) -> str:
        contact, user = self.org.customer(name, email)
        case = self.org.case({"Subject": subject, "Description": body, "ContactId": contact}, by=user)
        self.portal_users[case] = user
        return case

    def remove_ticket(self, id: str) -> None:
        del self.org.tables["Case"][id]

    def delete_ticket(self, id: str) -> None:
        self.org.remove(id)

    def agent_note(self, id: str, text: str) -> None:
        self.org.comment(id, text, by=self.org.agent, is_published=False)

    def agent_reply(self, id: str, text: str) -> None:
        self.org.comment(id, text, by=self.org.agent, is_published=True)

    def refuse_updates(self, id: str) -> None:
        self.org.locked.add(id)

    def customer_reply(self, id: str, text: str) -> None:
        self.org.comment(id, text, by=self.portal_users[id], is_published=True)

    def public_replies(self, id: str) -> Sequence[str]:
        return self._house(id, is_published=True)

    def private_notes(self, id: str) -> Sequence[str]:
        return self._house(id, is_published=False)

    def tags(self, id: str) -> Sequence[str]:
        return (self.org.tables["Case"][id].get(TAGS) or "").split(";")

    def lose_privacy(self) -> None:
        self.org.publishes = True

    def hide_replies(self) -> None:
        self.org.hides = True

    def keep_flags(self) -> None:
        self.org.publishes = self.org.hides = False

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time

    def _house(self, id: str, *, is_published: bool) -> list[str]:
        return [
            unmarked(row["CommentBody"])
            for row in self.org.tables["CaseComment"].values()
            if row["ParentId"] == id
            and row["CreatedById"] in (self.org.bot, self.org.agent)
            and row["IsPublished"] is is_published
        ]


def settings(**changes: object) -> SalesforceSettings:
    values: dict[str, object] = {
        "base_url": ADDRESS,
        "client_id": CLIENT,
        "private_key": SecretStr(keys()[0]),
        "user": BOT_NAME,
        "organization": ORGANIZATION,
        "signing_secrets": [SecretStr(FIRST.decode()), SecretStr(SECOND.decode())],
        "statuses": STATUSES,
        "tag_field": TAGS,
        "requests_per_minute": 1_000_000,
    }
    return SalesforceSettings.model_validate(values | changes)


def connect(
    world: SalesforceWorld, transport: httpx.AsyncBaseTransport | None = None, **changes: object
) -> Salesforce:
    inner = transport or InProcessTransport(world.fake.app)
    return Salesforce("salesforce/support", settings(**changes), transport=inner)


@pytest.fixture
def world() -> SalesforceWorld:
    return SalesforceWorld()


@pytest.fixture
async def helpdesk(world: SalesforceWorld) -> AsyncIterator[Salesforce]:
    connected = connect(world)
    yield connected
    await connected.aclose()


@pytest.fixture
def ticket(world: SalesforceWorld) -> str:
    return world.create_ticket("Cannot pay", "Refused", name="Ada Lovelace", email="ada@customer.example")
