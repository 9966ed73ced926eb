"""Prefect is away for ten minutes, and people are paged all the same."""

from __future__ import annotations

from bench.campaign.row import Row, Size
from bench.prefect_away import WITHIN, Absence, drill, is_anybody_paged_without_the_stand_in
from bench.result import progress


async def prefect_absence(size: Size) -> Row:
    """Everything leaves within 60 s of its moment; the control has no worker that stands in."""
    minutes = size.pick(full=10, small=0)
    found = await drill(Absence.DEAD, lasting=60.0 * minutes)
    for fault in found.faults:
        progress(f"BROKEN: {fault}")
    paged = await is_anybody_paged_without_the_stand_in()
    slowest = "; ".join(
        f"{what.replace('_', ' ')} after {seconds:.0f} s" for what, seconds in found.seconds.items()
    )
    lasting = f"{minutes} minutes" if minutes else "as long as three outages take"
    return Row(
        name="Prefect is away",
        size=size,
        done=f"its server is killed for {lasting}; {3 + minutes} outages before and meanwhile",
        promised=f"pages, messages and breaches leave within {WITHIN:g} s of their moment, nothing twice",
        seen=f"{slowest}; {len(found.faults)} promises broken",
        control=f"no worker stands in: {'somebody' if paged else 'nobody'} is paged within {WITHIN:g} s",
        is_kept=not found.faults and len(found.seconds) >= 4,
        has_control_failed=not paged,
    )
