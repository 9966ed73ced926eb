"""What Liaison needs from the outside world, one Protocol a capability, in our words.

A connector subclasses the Protocols it fulfils: its class line is its manifest. Calls fail only with
`incidents.errors`. Every write takes `once`, an idempotency key: the same key twice has the effect of one
call, as far as the vendor allows; where it does not, `was_done` (or its like) looks the key up, and the
effects ledger asks before it repeats. `index_lag` on a port says how many seconds after a write a look-up may
still miss it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Protocol, runtime_checkable

from pydantic import SecretStr

from incidents.actions import ActionRun
from incidents.events import AlertEvent, Event, Heard, Lane, PageEvent, Verified
from incidents.issues import Issue
from incidents.models import (
    ChatMessage,
    Comment,
    Contact,
    InternalText,
    Page,
    PageState,
    ProbeResult,
    PublicText,
    Room,
    Ticket,
    TicketChange,
    TicketOutcome,
)
from incidents.service_catalog.services import CatalogService
from incidents.service_levels import ServiceLevels
from incidents.subscriptions import MadeSubscription, WebhookSubscription


@runtime_checkable
class EventSource(Protocol):
    """Reads what its vendor said out of the deliveries kept in the inbox, however they came."""

    lane: Lane

    def events(self, verified: Verified) -> Sequence[Event]:
        """What the delivery says. Raises `Unrecognised` when it cannot be understood; it is then parked."""
        ...


@runtime_checkable
class ListeningSource(EventSource, Protocol):
    """Hears its vendor over a connection of its own, where no webhooks are sent: IMAP, a sync loop, a stream."""

    def listen(self, cursor: str | None) -> AsyncGenerator[Heard, None]:
        """What was said after the cursor, then whatever is said, for ever; None listens for the first time.

        The next one is asked for only when what was yielded is kept for certain; what was not is said again by who
        listens from the cursor before. Ends only with an error of `incidents.errors`.
        """
        ...


@runtime_checkable
class WebhookSource(EventSource, Protocol):
    """Turns a vendor's webhook into events, and will not do so unverified."""

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        """Check the signature on the raw bytes; raise `Forged` when it is proven wrong.

        Any hostile header or body ends in `Forged`, never in another exception. Nothing of the body's meaning is judged
        here beyond what identifies the delivery. The address's query is a header (`events.QUERY`), and not to be kept.
        """
        ...


@runtime_checkable
class AlertSource(Protocol):
    """A monitor whose alerts can be looked at: what was told of them may have been lost."""

    async def firing(self) -> Sequence[AlertEvent]:
        """Everything that fires now, also what is silenced; raises rather than leave something out."""
        ...


@runtime_checkable
class WebhookSubscriptions(Protocol):
    """Where a vendor can be asked which webhooks it sends, and told to send others.

    All raise `NotAllowed` where the credentials do not reach so far. Reading the list again is the proof of a change.
    """

    async def subscriptions(self) -> Sequence[WebhookSubscription]:
        """Every webhook of the account, ours and others'."""
        ...

    async def subscribe(self, address: str, *, title: str, scope: str = "") -> MadeSubscription:
        """Make a webhook to this address that tells all we need; `mend_subscription` lets it send.

        Until then it sends nothing, so that its secret can be kept first. `scope` is that of one it replaces.
        """
        ...

    async def mend_subscription(self, id: str, *, address: str) -> SecretStr | None:
        """Let it send all we need to this address, as far as that can be changed; the same twice is as once.

        Returns the secret it signs with where the vendor shows it, None where the connection's own is right.
        """
        ...

    async def unsubscribe(self, id: str) -> None:
        """Remove it; one that is gone is no error. Raises `Refused` while something else at the vendor uses it."""
        ...


@runtime_checkable
class Acting(Protocol):
    """Where what we write stands under a name of ours: no capability, but asked of any connector that has it."""

    @property
    def actor(self) -> str:
        """Who we are at the vendor, by its own id; "" while it has not told us."""
        ...


@runtime_checkable
class AppRights(Protocol):
    """Where what a vendor sends cannot be listed, but the rights of our app can."""

    async def missing_rights(self) -> Sequence[str]:
        """The rights, by the vendor's words, without which it does not send what we need."""
        ...


@runtime_checkable
class Helpdesk(Protocol):
    """Where customers' tickets live."""

    index_lag: float

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """The tickets as they are now, in bulk where the vendor can; ids that do not exist are left out."""
        ...

    def changed_since(self, since: datetime) -> AsyncIterator[Ticket]:
        """Every ticket changed at or after `since`, oldest first: finds what lost webhooks did not tell.

        Deleted ones are among them, marked as gone, where the vendor still names them.
        """
        ...

    async def comments(self, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        """What was written on the ticket at or after `since`, oldest first, with how it was made.

        The first message is not among them: it is the ticket's body. One that is no more has none.
        """
        ...

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        """Apply one change to one or many tickets; an outcome for each id, in order.

        The recipient and the public/private flag are settled by the call itself. Where the helpdesk keeps notes, the
        flag is read back just after: a note that customers can read is hidden where the vendor lets us, and its
        outcome is `exposed`, however that went; a reply that they cannot read is `refused`.
        """
        ...

    async def was_done(self, id: str, once: str) -> bool:
        """Whether the change with this key is on the ticket (looked up by its marker). Raises `Exposed` for a note that
        customers could read, `NotShown` for a reply that they cannot, another `Refused` where no look ever tells."""
        ...


@runtime_checkable
class Pager(Protocol):
    """The on-call tool. A page is named by the key it was made with."""

    index_lag: float

    async def page(self, page: Page, *, once: str) -> None:
        """Wake whoever is on call. `once` is the deduplication key."""
        ...

    async def read(self, key: str) -> PageState | None:
        """The newest page with this key, or None if there never was one."""
        ...

    async def read_by_id(self, page_id: str) -> PageState | None:
        """The same by the vendor's own id."""
        ...

    async def obstacle(self, target: str) -> str:
        """Why pages to this target make no incident now, such as its maintenance; "" if nothing is known of it."""
        ...

    async def acknowledge(self, key: str, *, once: str) -> None:
        """Somebody has it: nobody further is woken. A page that is over or unknown is no error."""
        ...

    async def resolve(self, key: str, *, once: str) -> None:
        """It is over. A page that is over or unknown is no error."""
        ...

    async def add_note(self, key: str, text: str, *, once: str) -> None:
        """Add a note to the page; a note that already carries this `once` is not added again."""
        ...


@runtime_checkable
class NotedPages(Protocol):
    """An on-call tool that shows what was written on a page: what its webhooks told of that may have been lost."""

    async def notes(self, key: str) -> Sequence[PageEvent]:
        """All notes on the newest page with this key, ours among them, as its webhooks tell them."""
        ...


@runtime_checkable
class ChatRoom(Protocol):
    """Where engineers and agents talk about an incident."""

    index_lag: float

    async def open_room(self, name: str, topic: str, *, once: str) -> Room:
        """Open (or find, if `once` already opened it) a room; never another's, and none that is archived."""
        ...

    async def post(self, room_id: str, message: ChatMessage, *, once: str) -> str:
        """Post and return the message's id; one this process knows to carry this `once` is not posted again.

        Not every vendor can promise more cheaply; so after `Unknown` or a restart, ask `find_post` first. Raises
        `NotFound` for a room that is gone or archived.
        """
        ...

    async def answer(
        self, room_id: str, user_id: str, text: str, *, once: str, is_private: bool = False
    ) -> None:
        """Say something to whoever asked in a room: there, or only to them where we may not speak.

        `is_private`: so that only they see it.
        """
        ...

    async def members(self, room_id: str) -> frozenset[str]:
        """The ids of everybody in the room, as `ChatCommand.user_id` has them."""
        ...

    async def group_members(self, group: str) -> frozenset[str]:
        """The same for a group of users, by the vendor's id."""
        ...

    async def edit(self, room_id: str, message_id: str, message: ChatMessage, *, once: str) -> None:
        """Replace the message; the same edit twice leaves it as it is."""
        ...

    async def find_post(self, room_id: str, once: str) -> str | None:
        """The id of the message posted with this key, if it is there."""
        ...


@runtime_checkable
class ImpactProbe(Protocol):
    """Is this service really failing?"""

    async def check(self, service: str, *, now: datetime) -> ProbeResult:
        """One look. An unhealthy service is a result, not an error; so is a look that proves nothing."""
        ...


@runtime_checkable
class ActionRunner(Protocol):
    """Runs a pre-configured remedy and follows it to its end."""

    async def run(self, action: str, arguments: Mapping[str, str], *, once: str) -> ActionRun:
        """Start the action. Raises `Unknown` if it may have been started: it is not to be started again then."""
        ...

    async def follow(self, run_id: str) -> ActionRun:
        """How the run stands; `run_id` is what `run` returned."""
        ...


@runtime_checkable
class IssueTracker(Protocol):
    """Where engineers keep the lasting fix. Its issues are named by the tracker's keys; its texts are for colleagues.

    What a tracker answers with success and does not do is `Refused`: what it holds afterwards is the proof.
    """

    index_lag: float

    async def open_issue(self, title: str, text: InternalText, *, once: str) -> str:
        """Open an issue and return its key; the key of the one that `once` has opened already, if that can be found.

        After `Unknown`, `find_issue` says what became of it.
        """
        ...

    async def find_issue(self, once: str) -> str | None:
        """The key of the issue that was opened with this `once`, however it stands now; None if there is none."""
        ...

    async def read(self, key: str) -> Issue:
        """The issue as it is now, closed ones too. Raises `NotFound` for one that is no more, or never was."""
        ...

    def changed_since(self, since: datetime) -> AsyncIterator[Issue]:
        """Every issue changed at or after `since`, the closed ones among them, oldest first; perhaps a few from shortly
        before. Those that are no more are left out: `read` tells."""
        ...

    async def comment(self, key: str, text: InternalText, *, once: str) -> None:
        """Write below the issue; a comment that already carries this `once` is not written again.

        Where the connection says that comments are private, one that would not be is `Refused`, and one that was not
        is `Exposed`.
        """
        ...

    async def was_done(self, key: str, once: str) -> bool:
        """Whether the comment with this key is below the issue (looked up by its marker)."""
        ...

    async def transition(self, key: str, status: str, *, once: str) -> None:
        """Move the issue to a status, by the tracker's own word for it; one that has it already is left as it is.

        Raises `Refused` where its workflow has no such word, or does not let it go there.
        """
        ...


@runtime_checkable
class ServiceCatalog(Protocol):
    """Services, who owns them, what they stand on. A service it does not know raises `NotFound`."""

    async def owner(self, service: str) -> str:
        """The team that answers for the service; "" if the catalogue names none."""
        ...

    async def dependencies(self, service: str) -> Sequence[str]:
        """What it needs to work: services, and what else the catalogue names, such as databases."""
        ...

    async def services(self) -> Sequence[CatalogService]:
        """All of them, by name."""
        ...


@runtime_checkable
class CustomerDirectory(Protocol):
    """Who a customer is."""

    async def tier(self, contact: Contact) -> str | None:
        """The customer's tier, or None for a stranger."""
        ...

    async def users_of(self, service: str) -> Sequence[Contact]:
        """Who is hit when the service fails."""
        ...


@runtime_checkable
class ServiceLevelSource(Protocol):
    """Where customers were promised how soon they are answered, and by whose hours."""

    async def service_levels(self) -> ServiceLevels:
        """All policies, schedules and holidays as they are now, and what of them could not be read."""
        ...


@runtime_checkable
class Mailbox(Protocol):
    """Where people are written to who have no ticket: by a mail, or by a ticket of the helpdesk's own."""

    async def send(
        self, to: Contact, subject: PublicText, text: PublicText, *, once: str, ends: str = ""
    ) -> str:
        """Write to one person, whom `once` names as well; the id of the ticket that it stands on, "" for a mail.

        `ends` is the `once` of what they were sent before: this is the end of it and goes with it, in its thread or on
        its ticket, which it settles. Where that is not there any more, it goes out by itself. A ticket that is made
        here is read with `once` as its `outbound_key`.
        """
        ...


@runtime_checkable
class Connector(Protocol):
    """What every connector has besides its capabilities."""

    vendor: ClassVar[str]

    async def check(self) -> str:
        """Reach the vendor with our credentials and say who we are there; raises like any other call."""
        ...

    async def aclose(self) -> None:
        """Close its connections to the vendor; it cannot be used again."""
        ...
