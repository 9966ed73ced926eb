"""The incident's story as an artifact of the Prefect UI: one key an incident, a version for each stage."""

from __future__ import annotations

import html
from collections.abc import Sequence

from prefect import task
from prefect.artifacts import acreate_markdown_artifact

from incidents.case import Case
from incidents.context import facts
from incidents.notes import clock
from incidents.policy import Policy
from incidents.store.cases import load_case
from incidents.store.timeline import TimelineEntry, read_timeline
from tasks import resources
from tasks.retries import OUTSIDE_CALL

_TICKETS_SHOWN = 50
_ENTRIES_SHOWN = 200
# "&", "<" and ">" are escaped before; what is left that Markdown could read becomes a character reference.
_MARKUP = {ord(mark): f"&#{ord(mark)};" for mark in "\\`*_[]!~"}


@task(name="tell story", **OUTSIDE_CALL)
async def tell_story(incident_id: int) -> str:
    """Write the incident's page for the people who watch: state, who has it, what happened, its tickets."""
    async with resources.database().transaction() as tx:
        case = await load_case(tx, incident_id)
        entries = await read_timeline(tx, incident_id)
    incident = case.incident
    await acreate_markdown_artifact(
        key=incident.name.lower(),
        markdown=_page(case, entries, resources.policy()),
        description=f"{incident.name} {incident.state.replace('_', ' ')}: {_safe(incident.title)}",
    )
    return incident.name.lower()


def _page(case: Case, entries: Sequence[TimelineEntry], policy: Policy) -> str:
    incident = case.incident
    who = incident.responder or ("nobody yet" if not case.pages else "paged, not acknowledged")
    lines = [
        f"# {incident.name} {_safe(incident.title)}",
        "",
        " · ".join(
            (
                f"**{incident.state.replace('_', ' ')}** since {clock(incident.state_since)}",
                f"severity {int(incident.severity)}",
                f"with: {_safe(who)}",
                f"opened {incident.opened_at:%Y-%m-%d} {clock(incident.opened_at)}",
            )
        ),
        "",
        "| | |",
        "|---|---|",
        *(
            f"| {label} | {_cell(value)} |"
            for label, value in facts(case, policy, now=resources.utc_now())
            if label != "Incident"
        ),
        "",
        "## What happened",
        "",
        "| when | what | who |",
        "|---|---|---|",
        *(_row(entry) for entry in entries[-_ENTRIES_SHOWN:]),
        "",
        f"## Tickets ({len(case.tickets)})",
        "",
        "| ticket | status | joined because |",
        "|---|---|---|",
    ]
    for item in case.tickets[:_TICKETS_SHOWN]:
        name = _cell(str(item.ticket.ref))
        shown = f"[{name}]({item.ticket.url})" if _is_web(item.ticket.url) else name
        lines.append(f"| {shown} | {item.ticket.status.replace('_', ' ')} | {_cell(item.reason)} |")
    if len(case.tickets) > _TICKETS_SHOWN:
        lines.append(f"| and {len(case.tickets) - _TICKETS_SHOWN} more | | |")
    return "\n".join(lines)


def _row(entry: TimelineEntry) -> str:
    run = f" [run](/runs/flow-run/{entry.run_id})" if entry.run_id else ""
    return f"| {entry.at:%H:%M:%S} | {_cell(entry.text)}{run} | {_cell(entry.actor)} |"


def _is_web(url: str | None) -> bool:
    return url is not None and url.startswith(("https://", "http://")) and ")" not in url


def _cell(text: str) -> str:
    return _safe(text).replace("|", "&#124;").replace("\n", "<br>")


def _safe(text: str) -> str:
    """Text as text: no HTML, no Markdown links, images or emphasis made of a customer's words."""
    return html.escape(text, quote=False).translate(_MARKUP)
