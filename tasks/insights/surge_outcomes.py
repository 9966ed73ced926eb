"""What became of surges, as a page: whether to let them open candidates, or to make them quieter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from prefect import task
from prefect.artifacts import acreate_markdown_artifact

from incidents.policy.insights import InsightMode, SurgeInsight
from insights.store.surge_record import surge_outcomes
from insights.surge.insight import LOOKED_BACK
from insights.surge.outcomes import (
    SurgeEnd,
    SurgeOutcome,
    SurgeTally,
    tally,
)
from tasks import resources
from tasks.pages.markdown import plain
from tasks.retries import STORE_CALL

SHOWN = 50
QUIETER = 1.0
"""What is advised to be added to the score: ten times as improbable."""

_ENDS = {
    SurgeEnd.NOTHING: "nothing",
    SurgeEnd.OPEN: "not known yet",
    SurgeEnd.UNKNOWN: "of no known service",
}


@task(name="look at surges", **STORE_CALL)
async def look_at_surges() -> SurgeTally | None:
    """Tell what became of the surges of the last 90 days. None if there were none."""
    now, policy = resources.utc_now(), resources.policy()
    async with resources.database().transaction() as tx:
        services = frozenset(policy.services)
        outcomes = await surge_outcomes(tx, now - LOOKED_BACK, now=now, services=services)
    if not outcomes:
        return None
    found = tally(outcomes)
    await acreate_markdown_artifact(
        key="surges",
        markdown=_page(outcomes, found, policy.insights.surge),
        description=f"Surges of the last {LOOKED_BACK.days} days: {found}",
    )
    return found


def _page(outcomes: Sequence[SurgeOutcome], found: SurgeTally, setting: SurgeInsight) -> str:
    lines = ["# Surges", "", f"**{found}** in the last {LOOKED_BACK.days} days.", ""]
    lines += [
        _advice(found, setting),
        "",
        "| seen (UTC) | surge | what became of it |",
        "| --- | --- | --- |",
    ]
    for one in outcomes[:SHOWN]:
        surge = one.surge
        mode = " (shadow)" if surge.is_shadow else ""
        lines.append(
            f"| {surge.noted_at:%Y-%m-%d %H:%M} | {plain(surge.group)} since {surge.since:%H:%M}: {plain(surge.words)}"
            f"{mode} | {_end(one)} |"
        )
    if len(outcomes) > SHOWN:
        lines += ["", f"{len(outcomes) - SHOWN} older ones are not shown."]
    return "\n".join(lines)


def _end(one: SurgeOutcome) -> str:
    if one.end is SurgeEnd.INCIDENT and one.lead is not None:
        minutes = round(one.lead / timedelta(minutes=1))
        when = f"{minutes} min before it was opened" if minutes > 0 else "after it was opened"
        return f"{one.incident}, seen {when}"
    return f"{_ENDS[one.end]} ({one.incident})" if one.incident is not None else _ENDS[one.end]


def _advice(found: SurgeTally, setting: SurgeInsight) -> str:
    if found.is_noisy:
        return (
            f"Fewer than half were incidents: set `insights.surge.score` to {setting.score + QUIETER:g} "
            f"(it is {setting.score:g}) to hear of the gravest only."
        )
    if setting.mode is InsightMode.SHADOW:
        return "They are recorded only. `insights.surge.mode: on` lets them open candidates, validated like any other."
    return f"`insights.surge.score` is {setting.score:g}; higher is quieter."
