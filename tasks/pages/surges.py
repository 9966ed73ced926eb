"""What became of surges, as a page: whether to let them open candidates, or to make them quieter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from incidents.policy.insights import InsightMode, SurgeInsight
from insights.surge.outcomes import SurgeEnd, SurgeOutcome, SurgeTally
from tasks.pages.markdown import plain

SHOWN = 50
QUIETER = 1.0
"""What is advised to be added to the score: ten times as improbable."""

_ENDS = {
    SurgeEnd.NOTHING: "nothing",
    SurgeEnd.OPEN: "not known yet",
    SurgeEnd.UNKNOWN: "of no known service",
}


def surges_page(
    outcomes: Sequence[SurgeOutcome], found: SurgeTally, setting: SurgeInsight, *, span: timedelta
) -> str:
    """What became of each surge of the last `span`, and what to do about the setting."""
    lines = ["# Surges", "", f"**{found}** in the last {span.days} days.", ""]
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
