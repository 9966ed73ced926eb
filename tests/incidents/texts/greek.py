"""A rich incident whose every datum is written in Greek letters, so that words of ours stand out (`marked`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from incidents.actions import Pause
from incidents.approval import Approval, ApprovalState, ApprovalSubject
from incidents.board.standing import Backlog, Board, OpenIncident, UnwellConnection
from incidents.case import AffectedCustomer, Case, EntryKind, UntoldCustomer
from incidents.effects import EffectKind, EffectState
from incidents.lifecycle import UNSETTLED, IncidentProgress
from incidents.models import (
    Contact,
    Evidence,
    Incident,
    IncidentRef,
    IncidentState,
    Link,
    Severity,
    Stage,
    TicketStatus,
    Verdict,
)
from incidents.policy.file import parse_policy
from incidents.policy.policy import Policy
from incidents.promises.updates import CustomerUpdate, KeptBy, PromiseState, UpdateKind
from incidents.sla.clock import SlaClock, SlaMetric
from incidents.store.board.story import SaidToCustomers, StuckEffect
from incidents.store.sla.board import BoardRow
from incidents.store.timeline import TimelineEntry
from incidents.texts.team import MARKED
from tests.incidents.builders import NOW, POLICY, a_case, a_page_line, a_ticket, an_action_line, an_incident

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
GATEWAY, PREFECT = "https://liaison.example", "https://prefect.example"
_NAMES = {
    "title: Checkout": "title: Ταμείο",
    "title: Search": "title: Αναζήτηση",
    "title: Accounts": "title: Λογαριασμοί",
    "title: Payments team": "title: Πληρωμές",
    "title: Platform team": "title: Πλατφόρμα",
    "title: Payments lead": "title: Επικεφαλής",
    "title: Head of engineering": "title: Διευθύντρια",
    "title: Gold": "title: Χρυσός",
    "title: Standard": "title: Απλός",
    "name: restart": "name: επανεκκίνηση",
    "name: failover": "name: μετάβαση",
    "name: purge": "name: εκκαθάριση",
    "region: eu": "ζώνη: α",
    "gold:": "χρυσός:",
    "standard:": "απλός:",
}


def greek_policy(language: str = MARKED, **sections: dict[str, object]) -> Policy:
    """The builders' policy with Greek names, read by a team in this language, who may answer on the board."""
    text = POLICY
    for latin, greek in _NAMES.items():
        assert latin in text, latin
        text = text.replace(latin, greek)
    policy = parse_policy(text)
    changed = {
        "language": {"team": language},
        "board": {"may_act": ["Άννα"]},
        "links": {"gateway": GATEWAY, "prefect_ui": PREFECT},
    } | sections
    # A copy is not checked again: no file could set a language that no team has.
    return policy.model_copy(
        update={name: getattr(policy, name).model_copy(update=new) for name, new in changed.items()}
    )


def greek_incident(state: IncidentState = IncidentState.ESCALATED, **changes: object) -> Incident:
    what = {
        "title": "Ταμείο: δεν πληρώνει",
        "owner": "Βασιλική",
        "responder": "Άννα" if state is IncidentState.ACKNOWLEDGED else None,
        "verdict": Verdict.CONFIRMED,
        "evidence": tuple(
            Evidence(source="http/checkout-health", text="σφάλμα", at=NOW, speaks_for=speaks)
            for speaks in (True, False, None)
        ),
        "state_since": NOW - DAY,
        "next_update_at": NOW + HOUR,
    }
    return an_incident(state, **(what | changes))


def greek_case(incident: Incident | None = None, **changes: object) -> Case:
    """Tickets in each status, a page, actions with each end, promises kept and broken, questions, untold customers."""
    tickets = [
        a_ticket(
            number,
            subject="Δεν πληρώνω",
            body="βοήθεια",
            status=status,
            url=f"https://desk.example/{number}",
            requester=Contact(id=f"{number}", name="Ζωή"),
            tier="χρυσός" if number % 2 else "",
        )
        for number, status in enumerate(TicketStatus, start=1)
    ]
    lines = [
        a_page_line(),
        an_action_line("επανεκκίνηση", result="succeeded"),
        an_action_line("μετάβαση", result="failed"),
        an_action_line("εκκαθάριση", state=EffectState.PENDING, result=""),
    ]
    case = a_case(incident or greek_incident(), tickets, lines)
    filled = replace(
        case,
        tickets=tuple(replace(one, reason="λέξη") for one in case.tickets),
        untold=tuple(
            UntoldCustomer(ref=tickets[0].ref, state=state, why="γιατί")
            for state in (EffectState.HELD, EffectState.DEAD)
        ),
        updates=greek_updates(),
        approvals=greek_questions(),
        affected=(AffectedCustomer(incident=7, address="ζ@χ", name="Ζ", reason="χρήση"),),
    )
    return replace(filled, **changes)  # type: ignore[arg-type]


def greek_updates() -> tuple[CustomerUpdate, ...]:
    ends = (
        (PromiseState.KEPT, KeptBy.AGENT),
        (PromiseState.KEPT, KeptBy.SAFE_TEXT),
        (PromiseState.BROKEN, None),
    )
    settled = [_update(number, state=state, kept_by=by) for number, (state, by) in enumerate(ends, start=1)]
    return (*settled, _update(4, state=PromiseState.OPEN, kept_by=None))


def _update(number: int, *, state: PromiseState, kept_by: KeptBy | None) -> CustomerUpdate:
    return CustomerUpdate(
        incident=7,
        number=number,
        generation=1,
        kind=UpdateKind.UPDATE,
        standing=IncidentProgress.INVESTIGATING,
        once=f"u{number}",
        said_at=NOW - HOUR,
        owner=None,
        next_by=NOW + HOUR,
        state=state,
        kept_by=kept_by,
    )


def greek_questions() -> tuple[Approval, ...]:
    return tuple(
        Approval(
            incident=7,
            generation=1,
            subject=subject,
            which="εκκαθάριση" if subject is ApprovalSubject.ACTION else "",
            state=ApprovalState.ASKED,
            asked_at=NOW,
            expires_at=NOW + 2 * DAY,
        )
        for subject in ApprovalSubject
    )


def greek_standing(incident: Incident | None = None, **changes: object) -> OpenIncident:
    shown = OpenIncident(
        incident=incident or greek_incident(),
        tickets=2,
        customers=1,
        tiers=("Χρυσός",),
        promised_by=NOW + 3 * MINUTE,
        sla_due_at=NOW - HOUR,
        stuck=1,
        questions=greek_questions(),
    )
    return replace(shown, **changes)  # type: ignore[arg-type]


def greek_entries() -> Sequence[TimelineEntry]:
    said = [("Άννα", "έγινε", "run-1"), ("Liaison", "στάλθηκε", None)]
    return [
        TimelineEntry(at=NOW, kind=EntryKind.NOTE, actor=actor, text=text, run_id=run)
        for actor, text, run in said
    ]


def greek_messages() -> Sequence[SaidToCustomers]:
    return [SaidToCustomers(text="Το βλέπουμε.", at=NOW - DAY, told=3, waiting=1, not_told=1)]


def greek_stuck() -> Sequence[StuckEffect]:
    return [
        StuckEffect(kind=kind, state=state, connection="zendesk/support", target="1", why="γιατί", key="κ")
        for kind in EffectKind
        for state in (EffectState.HELD, EffectState.DEAD)
    ]


def greek_links() -> Sequence[Link]:
    return [Link(label="σελίδα", url="https://pager.example/1")]


def greek_clock(**changes: object) -> SlaClock:
    clock = SlaClock(
        subject=IncidentRef(number=7),
        metric=SlaMetric.RESOLUTION,
        policy="χρυσή",
        calendar="always",
        target=4 * HOUR,
        warnings=(),
        started_at=NOW - HOUR,
        running_since=NOW - HOUR,
    )
    return replace(clock, **changes)  # type: ignore[arg-type]


def greek_rows() -> Sequence[BoardRow]:
    def row(clock: SlaClock, **changes: object) -> BoardRow:
        known = BoardRow(
            clock=clock,
            due_at=NOW + HOUR,
            who=None,
            ticket="zendesk/support#1",
            ticket_url="https://desk.example/1",
            incident="INC-7",
            service="ταμείο",
            risk=0.5,
        )
        return replace(known, **changes)  # type: ignore[arg-type]

    still = {"running_since": None, "paused_because": "waiting_for_customer"}
    return [
        *(row(greek_clock(metric=metric), who="Άννα") for metric in SlaMetric),
        row(greek_clock(), due_at=NOW - HOUR, ticket=None),
        row(greek_clock(**still), due_at=None, ticket_url=None),
    ]


def _numbered(shown: Sequence[OpenIncident]) -> Sequence[OpenIncident]:
    return [
        replace(one, incident=replace(one.incident, id=number)) for number, one in enumerate(shown, start=1)
    ]


def greek_boards() -> dict[str, Board]:
    """Everything at once, one of each, little, and nothing."""
    steps = [
        greek_standing(greek_incident(state, next_stage=stage, next_stage_at=NOW + HOUR, held_until=held))
        for state in UNSETTLED
        for stage in Stage
        for held in (None, NOW + HOUR)
    ]
    waiting = greek_incident(IncidentState.ACKNOWLEDGED, next_stage=None, next_update_at=None, owner=None)
    quiet = greek_standing(waiting, questions=(), promised_by=None, sla_due_at=None, stuck=0, tiers=())
    nobody = greek_incident(IncidentState.VALIDATING, severity=Severity.LOW)
    over = [greek_incident(state) for state in IncidentState if state not in UNSETTLED]
    unwell = UnwellConnection(name="slack/main", waiting=2, since=NOW - DAY, said="άρνηση")
    full = Board(
        at=NOW,
        incidents=_numbered([*steps, quiet, greek_standing(nobody), greek_standing(waiting)]),
        in_full=len(steps) + 1,
        breaching=[one for one in greek_rows() if one.due_at is not None],
        lately=over,
        unwell=[unwell, replace(unwell, said="")],
        backlog=Backlog(deliveries=2, deliveries_since=NOW - DAY, effects=2, effects_since=NOW - HOUR),
        parked=2,
        stuck_elsewhere=2,
        pause=Pause(since=NOW, by="Άννα", why="διακοπή"),
    )
    one = Board(
        at=NOW,
        incidents=[greek_standing(questions=(), tickets=1, customers=2)],
        in_full=1,
        parked=1,
        backlog=Backlog(deliveries=1, deliveries_since=NOW, effects=1, effects_since=NOW),
    )
    return {"full": full, "one": one, "empty": Board(at=NOW)}
