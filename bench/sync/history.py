"""One history: people edit three tools at random, while webhooks come late, twice, in any order or never; then rest.

What must hold at the end is in `Ended.wrong`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bench.sync.liaison import Arm, Liaison, Reading
from bench.sync.policies import POLICIES
from bench.sync.tools import CHATS, DESKS, PAGERS, Chat, Desk, OnCall
from incidents.commands.verbs import Verb
from incidents.effects import EffectKind
from incidents.events import ChatCommand, PageChange
from incidents.lifecycle import WITH_ENGINEERS, WORKS_AGAIN
from incidents.models import Author, IncidentState, PageStatus, TicketStatus

BEGIN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OVERLAP = timedelta(minutes=5)
MOST_ROUNDS = 60
"""Rounds of the quiet at the end, of which a few do; who needs more goes on for ever."""
STILL = 2
"""So many rounds in which nothing happens, each with the time that the next stage waits for, are rest."""
_FOR_A_PERSON = "a person must say so"
_ACTS = (PageChange.ACKNOWLEDGED, PageChange.UNACKNOWLEDGED, PageChange.RESOLVED, PageChange.REOPENED)
_STATUSES = (TicketStatus.OPEN, TicketStatus.SOLVED, TicketStatus.WAITING_FOR_CUSTOMER)
_NO_LETTER = re.compile(r"[^0-9A-Za-z]+")
_VERBS = (Verb.ACKNOWLEDGE, Verb.RESOLVE, Verb.NOTE)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a history ended: which tools it had, what people did, what was written, and what is wrong with it."""

    seed: int
    tools: tuple[str, ...]
    edits: int
    writes: int
    bound: int
    rounds: int
    is_loop: bool
    lost: tuple[str, ...]
    wrong: tuple[str, ...]
    dropped: int
    doubled: int


@dataclass
class History:
    """A history by its seed. `arm` says what its Liaison knows of echoes."""

    seed: int
    arm: Arm = Arm.LEDGER
    now: datetime = BEGIN
    edits: int = 0
    turns: int = 0
    dropped: int = 0
    doubled: int = 0
    polled_at: datetime = BEGIN
    readings: list[Reading] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    words: list[tuple[str, str]] = field(default_factory=list)
    complaints: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        clock = self.clock
        has_chat = self.random.random() < 0.67
        manners = self.random.sample(DESKS, 1 if has_chat else 2)
        self.desks = {f"{one.vendor}/d": Desk(f"{one.vendor}/d", one, clock) for one in manners}
        pager = self.random.choice(PAGERS)
        self.pager = OnCall("pager/p", pager, clock)
        self.chat = Chat("chat/c", self.random.choice(CHATS)) if has_chat else None
        policy = self.random.choice(POLICIES)(
            self.pager.name, self.chat.name if self.chat else None, list(self.desks)
        )
        self.liaison = Liaison(policy, clock, self.desks, self.pager, self.chat, arm=self.arm)
        for number in range(1, self.random.randint(2, 4)):
            for desk in self.desks.values():
                self.pass_by(1)
                desk.open(number)

    def clock(self) -> datetime:
        """The history's time, which all go by."""
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Time goes by."""
        self.now += timedelta(seconds=seconds)

    def play(self) -> Ended:
        """From the page to the quiet."""
        self.pass_by(5)
        self.liaison.begin()
        for _ in range(3):
            self.deliver(len(self.liaison.due()))
        acts: list[tuple[int, Callable[[], None]]] = [
            (7, self.edit), (4, self.hear), (2, self.gather), (3, self.commit), (4, self.send), (3, self.answer),
            (1, self.lose), (1, self.double), (1, self.reconcile), (1, self.stage), (1, self.pager.catch_up),
        ]  # fmt: skip
        weights = [weight for weight, _ in acts]
        for _ in range(self.random.randint(30, 80)):
            self.pass_by(self.random.choice((1, 2, 5, 20, 90)))
            self.random.choices(acts, weights)[0][1]()
        return self._quiet()

    # What people do

    def edit(self) -> None:
        """Somebody writes or changes something somewhere; no two within a second, as nobody could tell their order."""
        self.edits += 1
        choices: list[Callable[[], None]] = [self._at_a_desk, self._at_a_desk, self._at_the_pager]
        if self.chat is not None:
            choices.append(self._in_the_room)
        self.random.choice(choices)()
        self.pass_by(1)

    def _at_a_desk(self) -> None:
        desk = self.random.choice(list(self.desks.values()))
        ticket = self.random.choice(list(desk.tickets))
        what = self.random.random()
        if what < 0.45:
            words = f"agent{self.edits}x saw it"
            self.words.append((desk.name, words))
            desk.say(ticket, Author.AGENT, words, is_public=False)
        elif what < 0.8:
            desk.set_status(ticket, self.random.choice(_STATUSES), by_us=False)
        elif what < 0.9:
            desk.say(ticket, Author.CUSTOMER, "thank you", is_public=True)
        else:
            self.turns += 1
            self.complaints.append(self.now)
            desk.say(ticket, Author.CUSTOMER, "It is still broken!", is_public=True)

    def _at_the_pager(self) -> None:
        key = self.random.choice(list(self.pager.pages))
        if self.random.random() < 0.4:
            words = f"engineer{self.edits}x has seen a lock"
            self.words.append((self.pager.name, words))
            self.pager.person(key, PageChange.NOTED, "Ana", words)
        else:
            act = self.random.choice(_ACTS)
            self.turns += act in (PageChange.RESOLVED, PageChange.REOPENED)
            self.pager.person(key, act, self.random.choice(("Ana", "Bo")))

    def _in_the_room(self) -> None:
        verb = self.random.choice(_VERBS)
        self.turns += verb is Verb.RESOLVE
        words = f"command{self.edits}x rolled back" if verb is Verb.NOTE else ""
        command = ChatCommand(
            connection="chat/c", room_id="C1", user="cy", verb=verb, at=self.now, incident="INC-7", text=words
        )
        if words:
            self.words.append(("chat/c", words))
        self.liaison.obey(command)
        if self.random.random() < 0.3:
            self.doubled += 1
            self.liaison.obey(command)

    # What the network does

    def lose(self) -> None:
        """A webhook that nobody will ever hear."""
        told = self._some_told()
        if told:
            told.pop(self.random.randrange(len(told)))
            self.dropped += 1

    def double(self) -> None:
        """A webhook that comes twice, the second time perhaps much later."""
        told = self._some_told()
        if told:
            told.append(self.random.choice(told))
            self.doubled += 1

    def _some_told(self) -> list:  # type: ignore[type-arg]
        return self.random.choice([*(desk.told for desk in self.desks.values()), self.pager.told])

    # What Liaison does

    def hear(self) -> None:
        """A page's webhooks, a few in any order."""
        if self.pager.told:
            self.random.shuffle(self.pager.told)
            key = self.pager.told[-1].key
            events = [self.pager.told.pop() for _ in range(self.random.randint(1, len(self.pager.told)))]
            self.liaison.hear_page([event for event in events if event.key == key])
            self.pager.told += [event for event in events if event.key != key]

    def gather(self) -> None:
        """A desk's webhooks, a few in any order; what was read of the tickets is committed later."""
        desk = self.random.choice(list(self.desks.values()))
        if desk.told:
            self.random.shuffle(desk.told)
            count = self.random.randint(1, len(desk.told))
            self.readings.append(self.liaison.read(desk, [desk.told.pop() for _ in range(count)]))

    def commit(self) -> None:
        """What was read of one desk is committed, in the order in which it was read."""
        if self.readings:
            self.liaison.take_in(self.readings.pop(0))

    def send(self) -> None:
        """An effect goes out, whichever is due."""
        due = [key for key in self.liaison.due() if key not in self.answers]
        if due:
            key = self.random.choice(due)
            self.liaison.set_out(key)
            self.answers.append(key)

    def answer(self) -> None:
        """The answer to a call; one in ten is lost, and looked up later."""
        if self.answers:
            key = self.answers.pop(self.random.randrange(len(self.answers)))
            self.liaison.settle(key, is_lost=self.random.random() < 0.1)

    def reconcile(self) -> None:
        """Every desk is asked what has changed since the last time, every page how it stands."""
        since = self.polled_at - OVERLAP
        for desk in self.desks.values():
            self.liaison.take_in(self.liaison.poll(desk, since))
        self.liaison.look_at_pages()
        self.polled_at = self.now

    def stage(self) -> None:
        """The stage that is due."""
        self.liaison.run_stage()

    def deliver(self, most: int) -> None:
        """Send what is due, and have its answers."""
        for key in self.liaison.due()[:most]:
            if key not in self.answers:
                self.pass_by(1)
                self.liaison.set_out(key)
            else:
                self.answers.remove(key)
            self.liaison.settle(key)

    # The end

    def _quiet(self) -> Ended:
        """Nobody edits any more: all is heard, sent and looked at, until a few rounds change nothing."""
        rounds = still = 0
        before = self._progress()
        # Who is over the bound has broken it already, and doubles what it writes with each round.
        while rounds < MOST_ROUNDS and still < STILL and self.liaison.writes <= self.bound:
            rounds += 1
            self._round()
            still = still + 1 if before == self._progress() else 0
            before = self._progress()
        return self.ended(rounds, is_loop=still < STILL)

    def ended(self, rounds: int, *, is_loop: bool) -> Ended:
        """How it stands; what is lost or unlike is asked only of what has come to rest."""
        lost = () if is_loop else (*self._lost_words(), *self._lost_complaints())
        return Ended(
            seed=self.seed,
            tools=(*self.desks, self.pager.manner.vendor, *([self.chat.vendor] if self.chat else [])),
            edits=self.edits,
            writes=self.liaison.writes,
            bound=self.bound,
            rounds=rounds,
            is_loop=is_loop,
            lost=lost,
            wrong=() if is_loop else tuple(self._differences()),
            dropped=self.dropped,
            doubled=self.doubled,
        )

    def _round(self) -> None:
        due_at = self.liaison.case.incident.next_stage_at
        self.pass_by(30)
        if not self.liaison.due() and due_at is not None:
            self.now = max(self.now, due_at)
        while self.readings:
            self.commit()
        for desk in self.desks.values():
            if desk.told:
                told, desk.told = desk.told, []
                self.liaison.take_in(self.liaison.read(desk, told))
        while self.pager.told:
            heard = [event for event in self.pager.told if event.key == self.pager.told[0].key]
            self.pager.told = [event for event in self.pager.told if event.key != heard[0].key]
            self.liaison.hear_page(heard)
        # Lane by lane, as one change of an object waits for the one before.
        while due := self.liaison.due():
            self.deliver(len(due))
        self.pager.catch_up()
        self.reconcile()
        self.stage()

    def _progress(self) -> int:
        waiting = (
            len(self.liaison.open_effects())
            + len(self.readings)
            + sum(len(desk.told) for desk in self.desks.values())
        )
        return hash((self.liaison.writes, waiting, len(self.pager.told), len(self.liaison.story)))

    @property
    def bound(self) -> int:
        """What docs/sync.md proves: so many writes at most, whatever comes how often and in which order."""
        tickets = sum(len(desk.tickets) for desk in self.desks.values())
        pages = sum(line.effect.kind is EffectKind.PAGE for line in self.liaison.lines.values())
        per_decision = 2 * tickets + 2 * pages + 3
        return (1 + 2 * self.edits + 3 * self.turns) * per_decision

    def _lost_words(self) -> list[str]:
        """Words that are not in the story once, and once in each of the other tools."""
        places = {"the story": ("", _plain("\n".join(self.liaison.story)))}
        if self.chat is not None:
            places["the room"] = (self.chat.name, _plain("\n".join(self.chat.posts)))
        for desk in self.desks.values():
            for ticket, said in desk.comments.items():
                told = _plain("\n".join(one.text for one in said))
                places[f"ticket {desk.name}#{ticket}"] = (desk.name, told)
        found = []
        for where, words in self.words:
            sought = _plain(words)
            # From one ticket to the others of its incident nothing is passed on: their agents read the story.
            wanted = [
                place
                for place, (tool, _) in places.items()
                if tool != where and not (where in self.desks and tool in self.desks)
            ]
            counts = {place: places[place][1].count(sought) for place in wanted}
            found += [
                f"{words!r} is {count} times in {place}" for place, count in counts.items() if count != 1
            ]
        return found

    def _lost_complaints(self) -> list[str]:
        incident = self.liaison.case.incident
        if incident.state not in WORKS_AGAIN or incident.resolved_at is None:
            return []
        is_asked = any(line.startswith("doubt") for line in self.liaison.story)
        late = [at for at in self.complaints if at >= incident.resolved_at]
        return [f"a customer said at {at} that it is still broken" for at in late if not is_asked]

    def _differences(self) -> list[str]:
        """Where the tools and we do not say the same."""
        found = []
        for linked in self.liaison.tickets.values():
            there = self.desks[linked.ticket.ref.connection].tickets[linked.ticket.ref.id].status
            if there is not linked.ticket.status:
                found.append(f"{linked.ticket.ref} is {there}, and we think {linked.ticket.status}")
        incident = self.liaison.case.incident
        pages = [self.pager.pages[key].status for key in self.liaison.case_now().page_keys]
        if incident.state in WITH_ENGINEERS:
            expected = (
                PageStatus.ACKNOWLEDGED
                if incident.state is IncidentState.ACKNOWLEDGED
                else PageStatus.TRIGGERED
            )
            if pages != [expected]:
                found.append(f"the incident is {incident.state}, and its pages are {pages}")
        elif incident.state is IncidentState.CLOSING and self.waits_for_a_person:
            pass
        elif incident.state is not IncidentState.CLOSED:
            found.append(f"the incident stays {incident.state}")
        elif PageStatus.RESOLVED not in pages:
            found.append(f"the incident is closed, and its pages are {pages}")
        if self.writes_over:
            found.append(self.writes_over)
        return found

    @property
    def waits_for_a_person(self) -> bool:
        """Whether somebody must say that it is over, as a customer has had no last message."""
        return any(_FOR_A_PERSON in line for line in self.liaison.story)

    @property
    def writes_over(self) -> str:
        """What is over the bound, in words; "" if nothing is."""
        writes = self.liaison.writes
        return f"{writes} writes, {self.bound} at most" if writes > self.bound else ""


def _plain(words: str) -> str:
    return _NO_LETTER.sub("", words)
