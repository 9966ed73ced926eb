"""What was done while Prefect was away, as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from uuid import UUID

from incidents.store.emergencies import DoneWithout, Emergency
from tasks.pages.addresses import page_address
from tasks.pages.markdown import plain

KEY = "emergency"
_SHOWN = 500


def emergency_page(
    emergency: Emergency,
    done: Sequence[DoneWithout],
    *,
    sent_to_tickets: int,
    stories: Mapping[str, UUID],
) -> str:
    """Incident by incident, as in their timelines; `done` is sorted by incident. `stories` has the artifacts of
    incidents' pages by key."""
    when = f"{emergency.began_at:%Y-%m-%d %H:%M:%S} to {emergency.ended_at:%Y-%m-%d %H:%M:%S UTC}"
    lines = [
        "# While Prefect was away",
        "",
        f"**{when}**: worker {plain(emergency.holder)} went on by itself. These steps have no runs.",
        "",
    ]
    for incident_id, entries in groupby(done[:_SHOWN], key=lambda one: one.incident_id):
        lines += [f"## [INC-{incident_id}]({page_address(f'inc-{incident_id}', stories)})", ""]
        lines += [f"- {one.at:%H:%M:%S} {plain(one.text)}" for one in entries]
        lines.append("")
    if len(done) > _SHOWN:
        lines += [f"{len(done) - _SHOWN} more steps are in the incidents' own pages.", ""]
    if sent_to_tickets:
        lines.append(f"{sent_to_tickets} notes and changes went to tickets that belong to no incident.")
    return "\n".join(lines)
