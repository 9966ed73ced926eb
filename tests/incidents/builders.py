"""Whole things for tests of decisions: a policy, tickets, an incident, its case; each test names what differs."""

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from incidents.case import Case, LedgerLine, LinkedTicket, Plan
from incidents.decisions.updates.said import seen_with
from incidents.effects import Effect, EffectKind, EffectState
from incidents.events import PageChange, PageEvent
from incidents.models import (
    Author,
    Comment,
    Contact,
    Incident,
    IncidentState,
    PageState,
    PageStatus,
    ProbeResult,
    Severity,
    Stage,
    Ticket,
    TicketRef,
    TicketStatus,
)
from incidents.policy.file import parse_policy
from incidents.policy.policy import Policy
from incidents.promises.keeping import incident_clocks

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

POLICY = """\
helpdesks: [zendesk/support]
services:
  checkout:
    title: Checkout
    team: payments
    depends_on: [accounts]
    severity: 2
    probes: [http/checkout-health]
    actions:
      - {name: restart, connection: http/restart, timeout: 60s, arguments: {region: eu}}
      - {name: failover, connection: http/failover, verdicts: [confirmed, likely]}
      - {name: purge, connection: http/purge, automatic: false}
  search: {title: Search, team: platform, severity: 3}
  accounts: {title: Accounts, team: platform}
teams:
  payments:
    title: Payments team
    pager: pagerduty/main
    pager_target: payments
    chat: slack/main
    ladder:
      - {title: Payments lead, pager_target: lead}
      - {title: Head of engineering, pager: pagerduty/heads, pager_target: head}
  platform: {title: Platform team, pager: pagerduty/main}
tiers:
  gold: {title: Gold, weight: 5}
  standard: {title: Standard}
routing:
  - {ignore: true, any_tag: [spam]}
  - {service: checkout, severity: 1, any_keyword: [card]}
  - {service: checkout, any_keyword: [checkout]}
  - {service: search, any_keyword: [search]}
correlation: {window: 2h}
validation: {tickets: 3, within: 15m, recheck_after: 2m, rechecks: 2}
closure: {proofs: 2, proof_interval: 20s, reopen_within: 7d}
sla: {warn_at: 0.75, targets: {2: {response: 20m, resolution: 4h}}}
cadence: {update_every: {2: 60m}}
templates:
  customer:
    progress: "PROGRESS {{ service }} {{ incident }} {{ next_update }}"
    update: "UPDATE {{ service }} {{ next_update }}"
    monitoring: "WATCHED {{ service }} {{ next_update }}"
    fixed: "FIXED {{ service }}"
links: {prefect_ui: "http://127.0.0.1:4200"}
"""


@cache
def _policy() -> Policy:
    return parse_policy(POLICY)


def a_policy(**sections: dict[str, object]) -> Policy:
    """The policy above with settings of some sections changed: `a_policy(closure={"proofs": 1})`."""
    policy = _policy()
    changed = {name: getattr(policy, name).model_copy(update=new) for name, new in sections.items()}
    return policy.model_copy(update=changed)


def without_probes(policy: Policy | None = None) -> Policy:
    """A policy under which nobody can look at the checkout."""
    return _with_checkout(policy or a_policy(), probes=[])


def with_runbook(address: str) -> Policy:
    """A policy that says where engineers read how to mend the checkout."""
    return _with_checkout(a_policy(), runbook=address)


def without_actions(policy: Policy | None = None) -> Policy:
    return _with_checkout(policy or a_policy(), actions=[])


def _with_checkout(policy: Policy, **changes: object) -> Policy:
    checkout = policy.service("checkout").model_copy(update=changes)
    return policy.model_copy(update={"services": {**policy.services, "checkout": checkout}})


def without_chat(policy: Policy | None = None) -> Policy:
    policy = policy or a_policy()
    payments = policy.teams["payments"].model_copy(update={"chat": None})
    return policy.model_copy(update={"teams": {**policy.teams, "payments": payments}})


def a_ticket(number: int = 1, **changes: object) -> Ticket:
    """An open ticket about the checkout, each number from a customer of its own."""
    ticket = Ticket(
        ref=TicketRef(connection="zendesk/support", id=str(number)),
        subject=f"Checkout fails ({number})",
        body="I cannot pay.",
        status=TicketStatus.OPEN,
        source_status="open",
        requester=Contact(id=f"customer-{number}", name=f"Customer {number}"),
        version=1,
        created_at=NOW - timedelta(minutes=5),
        updated_at=NOW - timedelta(minutes=5),
    )
    return replace(ticket, **changes)  # type: ignore[arg-type]


def tickets(count: int, **changes: object) -> list[Ticket]:
    return [a_ticket(number, **changes) for number in range(1, count + 1)]


def a_comment(text: str = "hello", **changes: object) -> Comment:
    comment = Comment(
        id="c1", author=Author.CUSTOMER, author_name="Customer 1", is_public=True, text=text, at=NOW
    )
    return replace(comment, **changes)  # type: ignore[arg-type]


_OVER = (IncidentState.RESOLVED, IncidentState.CLOSING, IncidentState.CLOSED)
_STAGES = {
    IncidentState.REPORTED: Stage.VALIDATION,
    IncidentState.VALIDATING: Stage.VALIDATION,
    IncidentState.CONFIRMED: Stage.ESCALATION,
    IncidentState.MITIGATING: Stage.ESCALATION,
    IncidentState.REOPENED: Stage.ESCALATION,
    IncidentState.RESOLVED: Stage.CLOSURE,
    IncidentState.CLOSING: Stage.CLOSURE,
}


def an_incident(state: IncidentState = IncidentState.REPORTED, **changes: object) -> Incident:
    """INC-7 about the checkout, open for five minutes, with what belongs to its state."""
    opened = NOW - timedelta(minutes=5)
    stage = _STAGES.get(state)
    is_taken = state is IncidentState.ACKNOWLEDGED
    incident = Incident(
        id=7,
        version=3,
        service="checkout",
        title="Checkout: Checkout fails (1)",
        state=state,
        severity=Severity.HIGH,
        opened_at=opened,
        clock_from=opened,
        state_since=opened,
        next_stage=stage,
        next_stage_at=NOW if stage is not None else None,
        responder="Ana" if is_taken else None,
        acknowledged_at=NOW - timedelta(minutes=1) if is_taken else None,
        resolved_at=NOW - timedelta(minutes=1) if state in _OVER else None,
    )
    return replace(incident, **changes)  # type: ignore[arg-type]


def a_case(
    incident: Incident | IncidentState = IncidentState.REPORTED,
    linked: Iterable[Ticket] | None = None,
    ledger: Iterable[LedgerLine] = (),
    **changes: object,
) -> Case:
    """The case of an incident (or of one in that state), by default with two tickets."""
    if isinstance(incident, IncidentState):
        incident = an_incident(incident)
    joined = [
        LinkedTicket(ticket=ticket, linked_at=ticket.created_at, reason="keyword 'checkout'")
        for ticket in (tickets(2) if linked is None else linked)
    ]
    case = Case(incident=incident, tickets=tuple(joined), ledger=tuple(ledger), instance="test")
    return with_clocks(replace(case, **changes))  # type: ignore[arg-type]


def with_clocks(case: Case, policy: Policy | None = None) -> Case:
    """The case with the SLA clocks that the policy gives its incident."""
    sla = (policy or a_policy()).sla
    begun = incident_clocks(
        replace(case, clocks=()), Plan(incident=case.incident), sla, now=case.incident.state_since
    )
    return replace(case, clocks=begun)


def page_key(level: int = 0, *, generation: int = 1) -> str:
    return f"liaison:test:INC-7:g{generation}:page:{level}"


def a_page_line(level: int = 0, *, generation: int = 1, state: EffectState = EffectState.DONE) -> LedgerLine:
    key = page_key(level, generation=generation)
    return LedgerLine(key=key, kind=EffectKind.PAGE, state=state, connection="pagerduty/main", target=key)


def a_lead_page_line(what: str = "silent:1", *, generation: int = 1) -> LedgerLine:
    """A page to the owners' lead, who is no engineer."""
    key = f"liaison:test:INC-7:g{generation}:page:owners-lead:{what}"
    line = a_page_line()
    return replace(line, key=key, target=key)


ROOM_LINE = LedgerLine(
    key="liaison:test:INC-7:room",
    kind=EffectKind.CHAT_ROOM,
    state=EffectState.DONE,
    connection="slack/main",
    target="INC-7",
    result="C1",
)


def an_action_line(
    action: str = "restart",
    *,
    state: EffectState = EffectState.DONE,
    result: str = "succeeded",
    detail: str = "",
    generation: int = 1,
) -> LedgerLine:
    return LedgerLine(
        key=f"liaison:test:INC-7:g{generation}:action:{action}",
        kind=EffectKind.ACTION,
        state=state,
        connection=f"http/{action}",
        target=action,
        result=result,
        detail=detail,
    )


def a_look(is_healthy: bool | None, probe: str = "http/checkout-health") -> ProbeResult:
    words = {True: "200 in 80 ms", False: "503", None: "could not look"}
    return ProbeResult(probe=probe, is_healthy=is_healthy, summary=words[is_healthy], at=NOW)


GREEN, RED, BLIND = a_look(True), a_look(False), a_look(None)


def a_page_event(change: PageChange, **changes: object) -> PageEvent:
    event = PageEvent(
        connection="pagerduty/main", page_id="P1", key=page_key(), change=change, at=NOW, actor="Ana"
    )
    return replace(event, **changes)  # type: ignore[arg-type]


def a_page_state(status: PageStatus, *responders: str, key: str | None = None) -> PageState:
    return PageState(key=key or page_key(), page_id="P1", status=status, responders=responders)


def after(case: Case, plan: Plan, policy: Policy | None = None, *, now: datetime = NOW) -> Case:
    """The case as the store would show it next: the plan written, its effects in the ledger, still to be sent."""
    clocks = incident_clocks(case, plan, (policy or a_policy()).sla, now=now)
    known = {line.key for line in case.ledger}
    new = tuple(
        LedgerLine(
            key=effect.key,
            kind=effect.kind,
            state=EffectState.PENDING,
            connection=effect.connection,
            target=effect.target,
        )
        for effect in plan.effects
        if not effect.is_about_a_ticket and effect.key not in known
    )
    seen = seen_with(case, plan.updates)
    return replace(seen, incident=plan.incident, ledger=(*case.ledger, *new), clocks=clocks)


def sent(case: Case) -> Case:
    """The case once all of its own effects have been sent."""
    return replace(case, ledger=tuple(replace(line, state=EffectState.DONE) for line in case.ledger))


def of_kind(plan: Plan, *kinds: EffectKind) -> list[Effect]:
    return [effect for effect in plan.effects if effect.kind in kinds]


def kinds(plan: Plan) -> list[EffectKind]:
    return [effect.kind for effect in plan.effects]


def keys(plan: Plan) -> list[str]:
    return [effect.key for effect in plan.effects]


def texts(plan: Plan) -> str:
    """All that the plan would say to anybody, and the timeline, in one text to look for words in."""
    said = [
        str(getattr(effect.payload, field.name))
        for effect in plan.effects
        for field in fields(effect.payload)
    ]
    return "\n".join([*said, *(entry.text for entry in plan.entries)])
