"""What is asked of a connector, by its capabilities: the calls that the process makes, each with a key of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

from bench.connectors.served import Facts
from incidents.models import ChatMessage, InternalText, Page, PublicText, Severity, Ticket, TicketChange
from incidents.ports import ChatRoom, Connector, Helpdesk, ImpactProbe, IssueTracker, Pager

Call = Callable[[int], Awaitable[object]]
SERVICE = "checkout"
NOTE = InternalText("INC-42: Jane Doe is on it. " * 20)
REPLY = PublicText("We are working on it, and you will hear from us again by 14:30. " * 10)
TALK = ChatMessage(text="Who is hit: 12 customers. " * 20)
PAGE = Page(
    summary="INC-42 Checkout fails - 12 customers",
    source="Liaison",
    severity=Severity.HIGH,
    details=tuple((f"Label {number}", "What is known of it. " * 5) for number in range(8)),
)


def calls_of(connector: Connector, facts: Facts) -> Mapping[str, Call]:
    """By name, in the order in which they are to be made: what is read has been written before."""
    calls: dict[str, Call] = {}
    # By the class line: every connector has a `check`, and so would pass for a probe.
    claimed = type(connector).__mro__
    if Helpdesk in claimed and isinstance(connector, Helpdesk):
        calls |= _helpdesk(connector, facts)
    if Pager in claimed and isinstance(connector, Pager):
        calls |= _pager(connector)
    if ChatRoom in claimed and isinstance(connector, ChatRoom):
        calls |= _room(connector, facts)
    if IssueTracker in claimed and isinstance(connector, IssueTracker):
        calls |= _tracker(connector)
    if ImpactProbe in claimed and isinstance(connector, ImpactProbe):
        calls |= _probe(connector)
    return calls


def _helpdesk(desk: Helpdesk, facts: Facts) -> Mapping[str, Call]:
    ids = facts["tickets"].split(",")
    found: list[Ticket] = []

    async def read(number: int) -> None:
        found[:] = await desk.read([ids[number % len(ids)]])

    async def note(number: int) -> None:
        await desk.update([ids[number % len(ids)]], TicketChange(private_note=NOTE), once=f"note:{number}")

    async def reply(number: int) -> None:
        await desk.update([ids[number % len(ids)]], TicketChange(public_reply=REPLY), once=f"reply:{number}")

    async def comments(number: int) -> None:
        await desk.comments(found[0], datetime.now(UTC) - timedelta(days=1))

    async def changed(number: int) -> None:
        async for _ in desk.changed_since(datetime.now(UTC) - timedelta(days=1)):
            pass

    return {
        "read": read,
        "private_note": note,
        "public_reply": reply,
        "comments": comments,
        "changed_since": changed,
    }


def _pager(pager: Pager) -> Mapping[str, Call]:
    return {
        "page": lambda number: pager.page(PAGE, once=f"bench:INC-{number}"),
        "read_page": lambda number: pager.read(f"bench:INC-{number}"),
        "acknowledge": lambda number: pager.acknowledge(f"bench:INC-{number}", once=f"ack:{number}"),
        "page_note": lambda number: pager.add_note(f"bench:INC-{number}", NOTE, once=f"note:{number}"),
        "resolve": lambda number: pager.resolve(f"bench:INC-{number}", once=f"resolve:{number}"),
    }


def _room(chat: ChatRoom, facts: Facts) -> Mapping[str, Call]:
    rooms = facts["rooms"].split(",")
    posted: dict[int, str] = {}

    async def post(number: int) -> None:
        # A room each: vendors allow about a message a second to one.
        posted[number] = await chat.post(rooms[number % len(rooms)], TALK, once=f"post:{number}")

    async def edit(number: int) -> None:
        await chat.edit(rooms[number % len(rooms)], posted[number], TALK, once=f"edit:{number}")

    return {
        "post": post,
        "find_post": lambda number: chat.find_post(rooms[number % len(rooms)], f"post:{number}"),
        "edit": edit,
        "members": lambda number: chat.members(rooms[number % len(rooms)]),
    }


def _tracker(tracker: IssueTracker) -> Mapping[str, Call]:
    keys: dict[int, str] = {}

    async def open_issue(number: int) -> None:
        keys[number] = await tracker.open_issue(
            "Checkout fails: the lasting fix", NOTE, once=f"issue:{number}"
        )

    return {
        "open_issue": open_issue,
        "issue_comment": lambda number: tracker.comment(keys[number], NOTE, once=f"comment:{number}"),
        "read_issue": lambda number: tracker.read(keys[number]),
    }


def _probe(probe: ImpactProbe) -> Mapping[str, Call]:
    return {"probe": lambda number: probe.check(SERVICE, now=datetime.now(UTC))}
