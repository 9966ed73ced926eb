"""What fires, as `liaison check` tells it: above all what nobody hears of, as the policy names no service for it."""

from __future__ import annotations

from pathlib import Path

from deployments.commands import settings
from incidents.events import AlertLabels
from incidents.store.alerts import count_alerts
from incidents.store.database import Database

_LABELS = 8  # of an alert, to know it by


async def firing_alerts(home: Path | None) -> str:
    """How many alerts fire; of each connection those that are about no service, with labels to name in the policy."""
    database = Database(settings.database_url(home))
    try:
        async with database.transaction() as tx:
            counted = await count_alerts(tx)
    finally:
        await database.aclose()
    lines = [f"{sum(one.firing for one in counted)} alerts fire"]
    for one in counted:
        if one.of_no_service:
            labels = "; ".join(_shown(episode.labels) for episode in one.examples)
            lines.append(
                f"{one.of_no_service} of {one.connection} are about no service, so no incident hears of them: name"
                f" their labels in the policy, in the service's alerts: {labels}"
            )
    return "\n".join(lines)


def _shown(labels: AlertLabels) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in labels[:_LABELS]) + "}"
