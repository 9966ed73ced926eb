"""A fake Zendesk on loopback, with zenpy, the Python client that Zendesk's documentation lists, at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
import zenpy
from zenpy.lib.api_objects import Comment, Ticket, User

from connectors.kit.fakes.certificates import LoopbackCertificate
from connectors.zendesk.fake.app import API_TOKEN, EMAIL, FakeZendesk
from tests.connectors.served import served


@dataclass
class Desk:
    """The fake with its client. `first` is Ada's open ticket, tagged `shop`; `agent` is one of its agents."""

    fake: FakeZendesk
    client: Any
    first: int
    agent: int

    def ticket(self, **fields: Any) -> Any:
        """A new one, made over the API."""
        values = {"subject": "No invoice", "comment": Comment(body="Where is it?")} | fields
        return self.client.tickets.create(Ticket(**values)).ticket

    def look(self, ticket_id: int | None = None) -> Any:
        """A ticket as it is now."""
        return self.client.tickets(id=ticket_id or self.first)

    def change(self, **fields: Any) -> Any:
        """The first ticket, changed and read again."""
        ticket = self.look()
        for name, value in fields.items():
            setattr(ticket, name, value)
        self.client.tickets.update(ticket)
        return self.look()

    def user(self, name: str = "Bob", **fields: Any) -> Any:
        return self.client.users.create(User(name=name, email=f"{name.lower()}@customer.example", **fields))

    def done(self, job: Any) -> bool:
        """Whether a job ended, and well."""
        for _ in range(5):
            job = self.client.job_status(id=job.id)
            if job.status == "completed":
                return all("error" not in result for result in _plain(job.results))
        return False


def _plain(results: Any) -> list[dict[str, Any]]:
    return [one if isinstance(one, dict) else one.to_dict() for one in results]


@contextmanager
def opened_desk(certificate: LoopbackCertificate) -> Iterator[Desk]:
    """A desk with one ticket, until the end of the block."""
    fake = FakeZendesk(updates_per_minute=10_000, requests_per_minute=10_000, export_lag=0)
    fake.make_admin()
    first = fake.create_ticket(
        "Ada", "ada@customer.example", "Cannot pay", "Cards are refused", tags=["shop"]
    )
    fake.agent_take(first, "Grace")
    agent = fake.tickets[first].assignee_id
    assert agent is not None
    with served(fake.app, certificate) as address, requests.Session() as session:
        # Or REQUESTS_CA_BUNDLE would count for more than what is said here.
        session.trust_env = False
        session.verify = str(certificate.certificate)
        # The client joins subdomain and domain: 127 and 0.0.1.
        subdomain, _, domain = address.removeprefix("https://").partition(".")
        client = zenpy.Zenpy(
            subdomain=subdomain,
            domain=domain,
            email=EMAIL,
            token=API_TOKEN,
            session=session,
            disable_cache=True,
        )
        yield Desk(fake, client, first, agent)
