"""The same workspace, seen by its tickets: what a customer opens is a ticket."""

from __future__ import annotations

import html
from collections.abc import Sequence

from connectors.kit.marks import unmarked
from incidents.texts.markup import text_of_markup
from tests.connectors.intercom.conftest import IntercomWorld


def number(ref_id: str) -> str:
    """Intercom's own id."""
    return ref_id.removeprefix("ticket-")


class IntercomTicketWorld(IntercomWorld):
    """Customers' tickets behind the connector's back."""

    category = "Customer"

    def __init__(self) -> None:
        super().__init__()
        self.tickets = self.fake.tickets

    def create_ticket(self, subject: str, body: str, *, name: str, email: str) -> str:
        return f"ticket-{self.tickets.create(name, email, subject, body, self.category)}"

    def create_conversation(self, subject: str) -> str:
        return self.fake.create_ticket("Con", "con@customer.example", subject, "x")

    def remove_ticket(self, id: str) -> None:
        del self.tickets.tickets[number(id)]

    def agent_note(self, id: str, text: str) -> None:
        self.tickets.write(number(id), self.inbox.colleague, html.escape(text), is_note=True)

    def agent_reply(self, id: str, text: str) -> None:
        self.tickets.write(number(id), self.inbox.colleague, html.escape(text), is_note=False)

    def refuse_updates(self, id: str) -> None:
        self.inbox.locked.add(f"/tickets/{number(id)}")

    def customer_reply(self, id: str, text: str) -> None:
        self.tickets.answer(number(id), text)

    def tags(self, id: str) -> Sequence[str]:
        return self.tickets.tagged[number(id)]

    def _said(self, id: str, kind: str) -> list[str]:
        return [
            unmarked(text_of_markup(one["body"]).strip())
            for one in self.tickets.parts[number(id)]
            if one["part_type"] == kind and one["author"]["type"] == "admin"
        ]


def open_ticket(world: IntercomTicketWorld, category: str = "Customer", body: str = "Refused") -> str:
    """A customer's, or one of another category that is about her."""
    world.category = category
    return world.create_ticket("Cannot pay", body, name="Ada", email="ada@customer.example")
