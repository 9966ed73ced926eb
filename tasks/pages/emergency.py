"""What was done while Prefect was away, as a page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from incidents.store.emergencies import DoneWithout, Emergency
from tasks.pages.markdown import plain

KEY = "emergency"
_SHOWN = 500


def emergency_page(emergency: Emergency, done: Sequence[DoneWithout], *, sent_to_tickets: int) -> str:
    """Incident by incident, as in their timelines; `done` is sorted by incident."""
    when = f"{emergency.began_at:%Y-%m-%d %H:%M:%S} to {emergency.ended_at:%Y-%m-%d %H:%M:%S UTC}"
    lines = [
        "# While Prefect was away",
        "",
        f"**{when}**: worker {plain(emergency.holder)} went on by itself. These steps have no runs.",
        "",
    ]
    for incident_id, entries in groupby(done[:_SHOWN], key=lambda one: one.incident_id):
        lines += [f"## [INC-{incident_id}](/artifacts/key/inc-{incident_id})", ""]
        lines += [f"- {one.at:%H:%M:%S} {plain(one.text)}" for one in entries]
        lines.append("")
    if len(done) > _SHOWN:
        lines += [f"{len(done) - _SHOWN} more steps are in the incidents' own pages.", ""]
    if sent_to_tickets:
        lines.append(f"{sent_to_tickets} notes and changes went to tickets that belong to no incident.")
    return "\n".join(lines)
