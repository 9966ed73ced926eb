"""The board's pages as HTML: what stands on them and in which words. Every text is escaped; only addresses of the web
become links."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from deployments.gateway.board.answering import AskedHere
from deployments.gateway.board.what_follows import what_follows
from deployments.gateway.board.wording import code, strong, worded_count_html, worded_html
from incidents.basis import Basis
from incidents.board.next_steps import answer_command, next_steps, question_words, with_words
from incidents.board.standing import Board, OpenIncident
from incidents.case import Case, LinkedTicket
from incidents.decisions.acting.asking import ran_with
from incidents.decisions.acting.starting import pause_words
from incidents.models import Incident, Link
from incidents.notes.context import facts
from incidents.notes.kinds import effect_state_words, kind_words
from incidents.notes.notes import ticket_line
from incidents.notes.sla import metric_words
from incidents.notes.states import state_words
from incidents.notes.updates import promises_words
from incidents.policy.policy import Policy
from incidents.store.board.story import SaidToCustomers, StuckEffect
from incidents.store.timeline import TimelineEntry
from incidents.texts.team import team_language, worded
from incidents.texts.times import clock_to_the_second, duration, near_clock

TICKETS_SHOWN = 100
_WEB = re.compile(r"https?://[^\s()<>]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownStory:
    """One incident, as its page tells it."""

    shown: OpenIncident
    case: Case
    entries: Sequence[TimelineEntry]
    said: Sequence[SaidToCustomers]
    stuck: Sequence[StuckEffect]
    links: Sequence[Link]


def board_page(board: Board, policy: Policy) -> str:
    """All that is open."""
    return _render("board.html", now=board.at, board=board, policy=policy, sought="")


def story_page(story: ShownStory, basis: Basis, *, may_answer: bool = False) -> str:
    """One incident, in the order in which somebody asks: how it stands, what is next, who is hit, what was said, and
    what happened."""
    return _render(
        "story.html",
        now=basis.now,
        story=story,
        incident=story.shown.incident,
        # Less the incident itself, which is the heading.
        facts=facts(story.case, basis)[1:],
        promised=promises_words(story.case.updates),
        tickets=story.case.tickets[:TICKETS_SHOWN],
        more_tickets=max(0, len(story.case.tickets) - TICKETS_SHOWN),
        policy=basis.policy,
        may_answer=may_answer,
        prefect=(basis.policy.links.prefect_ui or "").rstrip("/"),
        sought="",
    )


def answer_page(case: Case, asked: Sequence[AskedHere], basis: Basis) -> str:
    """What is asked about an incident and what a yes would do, a form each."""
    service = case.incident.service
    actions = {one.question.which: basis.policy.action_of(service, one.question.which) for one in asked}
    follows = {one.question.mark: what_follows(case, one.question, basis) for one in asked}
    return _render(
        "answer.html",
        now=basis.now,
        incident=case.incident,
        asked=asked,
        actions=actions,
        follows=follows,
        sought="",
    )


def found_page(sought: str, found: Sequence[Incident], policy: Policy, *, now: datetime) -> str:
    """What was looked for, and what there is of it."""
    return _render("found.html", now=now, sought=sought, found=found, policy=policy)


def plain_page(title: str, words: str, *, now: datetime) -> str:
    """A page that says one thing."""
    return _render("plain.html", now=now, title=title, words=words)


def sign_in_page(*, has_secret: bool, was_wrong: bool, now: datetime) -> str:
    """For whoever may not see the board, or not yet."""
    return _render("sign_in.html", now=now, has_secret=has_secret, was_wrong=was_wrong)


def _render(template: str, *, now: datetime, **given: object) -> str:
    return _environment().get_template(template).render(now=now, **given)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("deployments.gateway.board"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "at": near_clock,
        "away": away_words,
        "iso": _iso,
        "state": state_words,
        "kind": kind_words,
        "effect_state": effect_state_words,
        "begun": lambda words: f"{words[:1].upper()}{words[1:]}",
        "subject": _subject,
    }
    made.globals |= {
        "language": team_language,
        "worded": worded_html,
        "worded_count": worded_count_html,
        "strong": strong,
        "code": code,
        "as_of": _as_of,
        "next_steps": next_steps,
        "with_words": with_words,
        "question_words": question_words,
        "answer_command": answer_command,
        "pause_words": pause_words,
        "ran_with": ran_with,
        "metric_words": metric_words,
        "web": lambda url: url if url and _WEB.fullmatch(url) else None,
    }
    return made


def away_words(at: datetime, now: datetime) -> str:
    """`in 4 min`, `4 min ago`, or `now`."""
    if abs(at - now) < timedelta(seconds=1):
        return worded("now")
    return duration(at - now) if at < now else worded("in {span}", span=duration(at - now))


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _as_of(now: datetime) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(_iso(now), clock_to_the_second(now))


def _subject(item: LinkedTicket) -> str:
    return ticket_line(item.ticket)
