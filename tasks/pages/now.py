"""How it stands now, as a page: what is open, the most urgent first, what happens next, what waits for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from incidents.board.next_steps import answer_command, next_steps, question_words, with_words
from incidents.board.standing import Board, OpenIncident
from incidents.decisions.acting.starting import pause_words
from incidents.links.board_links import PATH
from incidents.policy.policy import Policy
from incidents.texts.times import clock
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
    urgent = f", {of_it} of severity {int(worst)}" if worst is not None else ""
    return f"{_counted(board)}{urgent}, as of {clock(board.at)}"


def _counted(board: Board) -> str:
    count = len(board.incidents)
    return f"{count} open incident{_s(count)}" if count else "No open incidents"


def now_page(board: Board, policy: Policy, stories: Mapping[str, UUID]) -> str:
    """Only times of the clock in it, no `in 4 min`: it reads the same until something happens. `stories` has the
    artifacts of incidents' pages by key."""
    count = len(board.incidents)
    lines = [f"# {_counted(board)}", ""]
    lines += [*_waiting(board)]
    for shown in board.incidents[:SHOWN]:
        lines += [*_incident(shown, policy, board.at, stories)]
    if count > SHOWN:
        lines += ["", f"and {count - SHOWN} less urgent ones"]
    if board.lately:
        lines += ["", "## Over in the last day", ""]
        lines += [
            f"- {_named(one.name, stories)} {plain(one.title)}: {one.state.replace('_', ' ')} since"
            f" {_at(one.state_since, board.at)}"
            for one in board.lately
        ]
    if policy.links.gateway:
        address = f"{policy.links.gateway.rstrip('/')}{PATH}"
        lines += ["", f"For people without a login here: [the board]({address})."]
    return "\n".join(lines)


def _waiting(board: Board) -> Iterator[str]:
    said = [
        (board.unanswered, "with engineers woken and nobody answering"),
        (board.stuck, "messages or changes that did not go out: `liaison held`"),
        (board.parked, "webhooks that could not be read: `liaison parked`"),
    ]
    found = [f"- **{number}** {words}" for number, words in said if number]
    found += [
        f"- **{plain(one.name)}** does not take what we send: {plain(one.said) or 'no answer'}"
        for one in board.unwell
    ]
    if board.pause is not None:
        found.append(f"- **No action is started**: {plain(pause_words(board.pause))}")
    if found:
        yield from ("## Waits for a person", "", *found, "")


def _incident(
    shown: OpenIncident, policy: Policy, now: datetime, stories: Mapping[str, UUID]
) -> Iterator[str]:
    incident = shown.incident
    yield f"## {_named(incident.name, stories)} {plain(incident.title)}"
    yield ""
    yield (
        f"**Severity {int(incident.severity)}**, {incident.state.replace('_', ' ')} since"
        f" {_at(incident.state_since, now)}, with **{plain(with_words(shown))}**, accountable:"
        f" {plain(incident.owner or 'nobody yet')}. {plain(policy.service(incident.service).title)}: {shown.tickets}"
        f" ticket{_s(shown.tickets)} from {shown.customers} customer{_s(shown.customers)}."
    )
    yield ""
    for step in next_steps(shown)[:STEPS]:
        yield f"- {_at(step.at, now)}: {step.what}"
    gateway = (policy.links.gateway or "").rstrip("/")
    may = (
        f", or [on the board]({gateway}{PATH}answer-{incident.name})"
        if gateway and policy.board.may_act
        else ""
    )
    for question in shown.questions:
        how = f"`{answer_command(incident.name, question)}`{may}"
        yield f"- **yes or no?** {plain(question_words(question))}: {how}"
    yield ""


def _named(name: str, stories: Mapping[str, UUID]) -> str:
    return f"[{name}]({page_address(name.lower(), stories)})"


def _at(at: datetime, now: datetime) -> str:
    return clock(at) if at.date() == now.date() else f"{at:%Y-%m-%d} {clock(at)}"


def _s(count: int) -> str:
    return "" if count == 1 else "s"
