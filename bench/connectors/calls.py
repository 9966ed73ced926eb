"""What is asked of a connector, by its capabilities: the calls that the process makes, each with a key of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

from bench.connectors.served import Facts
from bench.connectors.worlds.world import SERVICE
from incidents.alerts.acknowledging import AlertAcknowledger
from incidents.models import (
    ChatMessage,
    Contact,
    InternalText,
    Page,
    PublicText,
    Severity,
    Ticket,
    TicketChange,
    TicketStatus,
)
from incidents.ports import (
    ActionRunner,
    AlertSource,
    ChatRoom,
    Connector,
    CustomerDirectory,
    Helpdesk,
    ImpactProbe,
    IssueTracker,
    Pager,
)

Call = Callable[[int], Awaitable[object]]
STATUSES = (TicketStatus.WAITING_FOR_CUSTOMER, TicketStatus.OPEN)
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
        calls |= _room(connector)
    if IssueTracker in claimed and isinstance(connector, IssueTracker):
        calls |= _tracker(connector, facts)
    if AlertSource in claimed and isinstance(connector, AlertSource):
        calls |= _alerts(connector)
    if ImpactProbe in claimed and isinstance(connector, ImpactProbe):
        calls |= _probe(connector)
    if ActionRunner in claimed and isinstance(connector, ActionRunner):
        calls |= _runner(connector, facts)
    if CustomerDirectory in claimed and isinstance(connector, CustomerDirectory):
        calls |= _directory(connector, facts)
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

    async def change(number: int) -> None:
        # To and fro, so that each changes something.
        status = STATUSES[number // len(ids) % 2]
        await desk.update([ids[number % len(ids)]], TicketChange(status=status), once=f"status:{number}")

    async def comments(number: int) -> None:
        await desk.comments(found[0], datetime.now(UTC) - timedelta(days=1))

    async def changed(number: int) -> None:
        async for _ in desk.changed_since(datetime.now(UTC) - timedelta(days=1)):
            pass

    return {
        "read": read,
        "private_note": note,
        "public_reply": reply,
        "status": change,
        "was_done": lambda number: desk.was_done(ids[number % len(ids)], f"note:{number}"),
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


def _room(chat: ChatRoom) -> Mapping[str, Call]:
    rooms: dict[int, str] = {}
    posted: dict[int, str] = {}

    async def open_room(number: int) -> None:
        # A room each: vendors allow about a message a second to one.
        rooms[number] = (await chat.open_room(f"inc-{number}", "Checkout fails", once=f"room:{number}")).id

    async def post(number: int) -> None:
        posted[number] = await chat.post(rooms[number], TALK, once=f"post:{number}")

    return {
        "open_room": open_room,
        "post": post,
        "find_post": lambda number: chat.find_post(rooms[number], f"post:{number}"),
        "edit": lambda number: chat.edit(rooms[number], posted[number], TALK, once=f"edit:{number}"),
        "members": lambda number: chat.members(rooms[number]),
    }


def _tracker(tracker: IssueTracker, facts: Facts) -> Mapping[str, Call]:
    keys: dict[int, str] = {}

    async def open_issue(number: int) -> None:
        keys[number] = await tracker.open_issue(
            "Checkout fails: the lasting fix", NOTE, once=f"issue:{number}"
        )

    async def changed(number: int) -> None:
        async for _ in tracker.changed_since(datetime.now(UTC) - timedelta(days=1)):
            pass

    return {
        "open_issue": open_issue,
        "find_issue": lambda number: tracker.find_issue(f"issue:{number}"),
        "issue_comment": lambda number: tracker.comment(keys[number], NOTE, once=f"comment:{number}"),
        "issue_was_done": lambda number: tracker.was_done(keys[number], f"comment:{number}"),
        "read_issue": lambda number: tracker.read(keys[number]),
        "transition": lambda number: tracker.transition(keys[number], facts["closed"], once=f"to:{number}"),
        "changed_issues": changed,
    }


def _alerts(source: AlertSource) -> Mapping[str, Call]:
    keys: list[str] = []

    async def firing(number: int) -> None:
        keys[:] = [alert.key for alert in await source.firing()]

    calls: dict[str, Call] = {"firing": firing}
    if isinstance(source, AlertAcknowledger):
        calls["acknowledge_alert"] = lambda number: source.acknowledge_alert(
            keys[number % len(keys)], NOTE, once=f"ack:{number}"
        )
        calls["unacknowledge_alert"] = lambda number: source.unacknowledge_alert(
            keys[number % len(keys)], once=f"unack:{number}"
        )
    return calls


def _runner(runner: ActionRunner, facts: Facts) -> Mapping[str, Call]:
    ids: dict[int, str] = {}
    arguments = {"service": SERVICE, "incident": "INC-42", "approved_by": "Ada"}

    async def run(number: int) -> None:
        ids[number] = (await runner.run(facts["action"], arguments, once=f"run:{number}")).id

    return {"run": run, "follow": lambda number: runner.follow(ids[number])}


def _directory(directory: CustomerDirectory, facts: Facts) -> Mapping[str, Call]:
    people = facts["people"].split(",")

    async def tier(number: int) -> None:
        email = people[number % len(people)]
        await directory.tier(Contact(id=email, email=email))

    return {"tier": tier}


def _probe(probe: ImpactProbe) -> Mapping[str, Call]:
    return {"probe": lambda number: probe.check(SERVICE, now=datetime.now(UTC))}
