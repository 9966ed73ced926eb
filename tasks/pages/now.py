"""How it stands now, as a page: what is open, the most urgent first, what happens next, what waits for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from incidents.board.next_steps import answer_command, next_steps, question_words, with_words
from incidents.board.standing import Board, OpenIncident
from incidents.decisions.acting.starting import pause_words
from incidents.links.board_links import PATH
from incidents.notes.states import state_words
from incidents.policy.policy import Policy
from incidents.texts.team import worded, worded_count
from incidents.texts.times import clock, day_and_clock
from tasks.pages.addresses import page_address
from tasks.pages.markdown import plain

KEY = "now"
SHOWN = 60
STEPS = 2


def stories_on(board: Board) -> list[str]:
    """The keys of the pages that it has links to."""
    shown = [*(one.incident for one in board.incidents[:SHOWN]), *board.lately]
    return [incident.name.lower() for incident in shown]


def headline(board: Board) -> str:
    """What the list of artifacts says of it: `3 open incidents, 1 of severity 1, as of 14:05 UTC`."""
    worst = min((one.incident.severity for one in board.incidents), default=None)
    of_it = sum(one.incident.severity is worst for one in board.incidents)
    urgent = (
        "" if worst is None else worded(", {count} of severity {severity}", count=of_it, severity=int(worst))
    )
    return f"{_counted(board)}{urgent}{worded(', as of {time}', time=clock(board.at))}"


def _counted(board: Board) -> str:
    count = len(board.incidents)
    if not count:
        return worded("No open incidents")
    return worded_count("{count} open incident", "{count} open incidents", count)


def now_page(board: Board, policy: Policy, stories: Mapping[str, UUID]) -> str:
    """Only times of the clock in it, no `in 4 min`: it reads the same until something happens. `stories` has the
    artifacts of incidents' pages by key."""
    count = len(board.incidents)
    lines = [f"# {_counted(board)}", ""]
    lines += [*_waiting(board)]
    for shown in board.incidents[:SHOWN]:
        lines += [*_incident(shown, policy, board.at, stories)]
    if count > SHOWN:
        lines += ["", worded("and {count} less urgent ones", count=count - SHOWN)]
    if board.lately:
        lines += ["", f"## {worded('Over in the last day')}", ""]
        lines += [
            f"- {_named(one.name, stories)} {plain(one.title)}: "
            + worded(
                "{state} since {since}", state=state_words(one.state), since=_at(one.state_since, board.at)
            )
            for one in board.lately
        ]
    if policy.links.gateway:
        address = f"{policy.links.gateway.rstrip('/')}{PATH}"
        link = f"[{worded('the board')}]({address})"
        lines += ["", worded("For people without a login here: {board}.", board=link)]
    return "\n".join(lines)


def _waiting(board: Board) -> Iterator[str]:
    found = list[str]()
    if board.unanswered:
        found.append(
            worded_count(
                "{count} with engineers woken and nobody answering",
                "{count} with engineers woken and nobody answering",
                board.unanswered,
                count=f"**{board.unanswered}**",
            )
        )
    if board.stuck:
        found.append(
            worded_count(
                "{count} message or change that did not go out: {command}",
                "{count} messages or changes that did not go out: {command}",
                board.stuck,
                count=f"**{board.stuck}**",
                command="`liaison held`",
            )
        )
    if board.parked:
        found.append(
            worded_count(
                "{count} webhook that could not be read: {command}",
                "{count} webhooks that could not be read: {command}",
                board.parked,
                count=f"**{board.parked}**",
                command="`liaison parked`",
            )
        )
    for one in board.unwell:
        name, said = f"**{plain(one.name)}**", plain(one.said) or worded("no answer")
        found.append(worded("{name} does not take what we send: {said}", name=name, said=said))
    if board.pause is not None:
        found.append(f"**{worded('No action is started')}**: {plain(pause_words(board.pause))}")
    if found:
        yield from (f"## {worded('Waits for a person')}", "", *(f"- {one}" for one in found), "")


def _incident(
    shown: OpenIncident, policy: Policy, now: datetime, stories: Mapping[str, UUID]
) -> Iterator[str]:
    incident = shown.incident
    yield f"## {_named(incident.name, stories)} {plain(incident.title)}"
    yield ""
    standing = worded(
        "**Severity {severity}**, {state} since {since}, with **{who}**, accountable: {owner}.",
        severity=int(incident.severity),
        state=state_words(incident.state),
        since=_at(incident.state_since, now),
        who=plain(with_words(shown)),
        owner=plain(incident.owner or worded("nobody yet")),
    )
    customers = worded_count("{count} customer", "{count} customers", shown.customers)
    hit = worded_count(
        "{count} ticket from {customers}",
        "{count} tickets from {customers}",
        shown.tickets,
        customers=customers,
    )
    yield f"{standing} {plain(policy.service(incident.service).title)}: {hit}."
    yield ""
    for step in next_steps(shown)[:STEPS]:
        yield f"- {_at(step.at, now)}: {step.what}"
    gateway = (policy.links.gateway or "").rstrip("/")
    may = ""
    if gateway and policy.board.may_act:
        where = f"[{worded('on the board')}]({gateway}{PATH}answer-{incident.name})"
        may = worded(", or {where}", where=where)
    for question in shown.questions:
        how = f"`{answer_command(incident.name, question)}`{may}"
        yield f"- **{worded('yes or no?')}** {plain(question_words(question))}: {how}"
    yield ""


def _named(name: str, stories: Mapping[str, UUID]) -> str:
    return f"[{name}]({page_address(name.lower(), stories)})"


def _at(at: datetime, now: datetime) -> str:
    return clock(at) if at.date() == now.date() else day_and_clock(at)
