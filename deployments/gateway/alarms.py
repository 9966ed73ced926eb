"""What operators are to hear of without looking: told to Prefect as events, for its automations to act upon.

    liaison.lane.waiting   deliveries of a lane have waited for more than two minutes: nobody drains it, or it fails
    liaison.effects.held   more messages or changes wait for a person than at the last look

Each is told once when it begins. `prefect.yaml` declares automations that go by them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from prefect.client.orchestration import PrefectClient
from prefect.events import Event, Resource

from incidents.effects import EffectState
from incidents.events import Lane
from incidents.store.health.backlog import StoreBacklog

LONGEST_WAIT = 120.0
"""Seconds that a delivery may wait; the slowest doorbell rings within half a minute."""


@dataclass(slots=True)
class Alarms:
    """What was told. Another gateway tells the same: automations act upon one of them an hour."""

    client: PrefectClient
    _late: set[Lane] = field(default_factory=set)
    _held: int = 0

    async def tell(self, found: StoreBacklog) -> None:
        """Tell what is new since the last time; raises what Prefect raises, and tells it next time then."""
        late = {lane for lane, waiting in found.lanes.items() if waiting.oldest > LONGEST_WAIT}
        held = found.effects[EffectState.HELD]
        news = list(self._news(found, late, held))
        if news:
            await self.client.request(
                "POST", "/events", json=[event.model_dump(mode="json") for event in news]
            )
        self._late, self._held = late, held

    def _news(self, found: StoreBacklog, late: set[Lane], held: int) -> Iterator[Event]:
        for lane in sorted(late - self._late):
            waiting = found.lanes[lane]
            yield _event(
                "liaison.lane.waiting",
                f"liaison.lane.{lane}",
                str(lane),
                {"waiting": waiting.waiting, "seconds": round(waiting.oldest)},
            )
        if held > self._held:
            yield _event("liaison.effects.held", "liaison.effects", "effects", {"held": held})


def _event(kind: str, subject: str, name: str, payload: dict[str, int]) -> Event:
    resource = Resource({"prefect.resource.id": subject, "prefect.resource.name": name})
    return Event(event=kind, occurred=datetime.now(UTC), resource=resource, payload=payload)
