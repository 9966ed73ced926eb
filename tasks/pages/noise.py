"""What teams were woken for in vain, as a page: which service to make quieter."""

from __future__ import annotations

from collections.abc import Sequence

from incidents.policy.policy import ActionMode, Policy
from incidents.store.ledger.noise import PageNoise
from incidents.texts.team import sentence, worded, worded_as
from tasks.pages.markdown import plain

KEY = "page-noise"
NOISY = 0.5
"""A service is called noisy when at least so many of its pages are in vain, and more than one."""


_ACTED_ON = sentence(
    "Acted on means: somebody acknowledged it, handed it on, put it off, wrote or said something about it, or resolved "
    "it by name, before the next page of the same incident."
)


_HEADINGS = (
    sentence("service"),
    sentence("pages"),
    sentence("in vain"),
    sentence("about"),
    sentence("waited"),
    sentence("needed no page"),
    sentence("not us"),
)


def noise_headline(found: Sequence[PageNoise], week: str) -> str:
    """`Pages 2026-W47: 12, 5 of them nobody acted on`."""
    pages, in_vain = sum(one.pages for one in found), sum(one.in_vain for one in found)
    return worded(
        "Pages {week}: {pages}, {in_vain} of them nobody acted on", week=week, pages=pages, in_vain=in_vain
    )


def noise_page(found: Sequence[PageNoise], week: str, policy: Policy) -> str:
    """A line a service, the noisiest first, and what may be done about it."""
    lines = [
        f"# {worded('Pages that nobody acted on')}",
        "",
        f"**{noise_headline(found, week)}.** {worded_as(_ACTED_ON)}",
        "",
    ]
    if not found:
        return "\n".join([*lines, worded("Nobody was paged.")])
    lines += [
        f"| {' | '.join(worded_as(one) for one in _HEADINGS)} |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {plain(policy.service(one.service).title)} | {one.pages} | {one.in_vain} | {', '.join(one.examples)} "
        f"| {one.held} | {one.spared} | {one.not_us} |"
        for one in found
    ]
    lines += ["", *(f"- {_advice(one, policy)}" for one in found if is_noisy(one))]
    lines += [
        "- "
        + worded(
            "{service}: said {count} times to be another team's. Are its `team`, what it `depends_on` and the routing "
            "right?",
            service=plain(policy.service(one.service).title),
            count=one.not_us,
        )
        for one in found
        if one.not_us > 1
    ]
    return "\n".join(lines)


def is_noisy(one: PageNoise) -> bool:
    """Whether its team learns to ignore its pages."""
    return one.in_vain > 1 and one.in_vain >= NOISY * one.pages


def _advice(one: PageNoise, policy: Policy) -> str:
    title = plain(policy.service(one.service).title)
    if policy.escalation.flapping is None:
        return worded(
            "{service}: `escalation.flapping` holds a service that opens incident after incident.",
            service=title,
        )
    if all(action.mode is ActionMode.AUTOMATIC for action in policy.service(one.service).actions):
        return worded(
            "{service}: an action on offer, with `escalation.known_fix`, lets agents try a remedy first.",
            service=title,
        )
    return worded(
        "{service}: a longer `escalation.flapping.hold`, or a milder severity, wakes its team less.",
        service=title,
    )
