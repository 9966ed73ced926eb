"""What the gateway counts, for Prometheus. A registry of its own, so that tests can have many gateways."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest

from deployments.machine.disk import Disk
from incidents.effects import EffectState
from incidents.events import Lane
from incidents.promises.updates import PromiseCounts
from incidents.store.health.backlog import StoreBacklog

NO_CONNECTION = "unknown"


class Metrics:
    """`liaison_store_disk_free_bytes` where the store is on this machine; `liaison_deliveries_total` by connection
    and result (new, duplicate, forged_signature, error, ...), `liaison_deliveries_set_aside` by connection and state
    (parked, ignored) as the store has it, `liaison_doorbell_total` by lane and result (rung, not_needed, failed), and
    `liaison_promised_updates` by outcome (kept_by_people, kept_by_safe_text, broken, open) as the store has them.
    What waits: `liaison_lane_waiting` and `liaison_lane_oldest_seconds` by lane, `liaison_effects` by state (all but
    done), `liaison_effects_overdue_seconds`, `liaison_promises_overdue_seconds`. `liaison_engine_up`: Prefect answers
    and a worker is there; `liaison_emergency`: a worker goes on without Prefect. docs/monitoring.md has alerts on them.

    Connections must be configured ones, or `NO_CONNECTION`: a stranger's word would be kept for ever.
    """

    def __init__(self, disk: Disk | None = None) -> None:
        self._registry = CollectorRegistry()
        if disk is not None:
            left = Gauge(
                "liaison_store_disk_free_bytes",
                "What is left on the disk of the store.",
                registry=self._registry,
            )
            left.set_function(lambda: disk.free_bytes)
        self._deliveries = Counter(
            "liaison_deliveries",
            "Webhooks by connection and what became of them.",
            ["connection", "result"],
            registry=self._registry,
        )
        self._rings = Counter(
            "liaison_doorbell",
            "Looks after the lanes' drains, and what came of them.",
            ["lane", "result"],
            registry=self._registry,
        )
        self._aside = Gauge(
            "liaison_deliveries_set_aside",
            "Webhooks in the store that were parked (not understood) or ignored (of a type that is not read).",
            ["connection", "state"],
            registry=self._registry,
        )
        self._promised = Gauge(
            "liaison_promised_updates",
            "Updates that customers were promised, of the incidents in the store, and what became of them.",
            ["outcome"],
            registry=self._registry,
        )
        self._lane_waiting = self._gauge("lane_waiting", "Webhooks that wait to be handled.", "lane")
        self._lane_oldest = self._gauge("lane_oldest_seconds", "How long the first of them waits.", "lane")
        self._effects = self._gauge("effects", "Changes to other systems that are not done.", "state")
        self._overdue = self._gauge("effects_overdue_seconds", "Since the first of them could have left.")
        self._promise = self._gauge("promises_overdue_seconds", "Since a moment nobody has looked at.")
        self._engine = self._gauge("engine_up", "Whether Prefect answers and a worker serves its pool.")
        self._emergency = self._gauge("emergency", "Whether a worker goes on without Prefect.")
        # `labels` looks up under a lock and costs more than the counting.
        self._counters: dict[tuple[str, str], Counter] = {}
        ProcessCollector(registry=self._registry)

    def count(self, connection: str, result: str) -> None:
        """One more delivery of the connection came to this result."""
        counter = self._counters.get((connection, result))
        if counter is None:
            counter = self._counters[connection, result] = self._deliveries.labels(connection, result)
        counter.inc()

    def count_ring(self, lane: Lane, result: str) -> None:
        """One more look after the lane's drain came to this result."""
        self._rings.labels(lane.value, result).inc()

    def rings(self, lane: Lane, result: str) -> int:
        """How often, so far."""
        labels = {"lane": lane.value, "result": result}
        return int(self._registry.get_sample_value("liaison_doorbell_total", labels) or 0)

    def set_aside(self, counts: Mapping[tuple[str, str], int]) -> None:
        """What the store has of each connection in the states `parked` and `ignored`."""
        self._aside.clear()
        for (connection, state), count in counts.items():
            self._aside.labels(connection, state).set(count)

    def promised(self, counts: PromiseCounts) -> None:
        """What the store has of updates promised to customers."""
        outcomes = {
            "kept_by_people": counts.by_person,
            "kept_by_safe_text": counts.by_safe_text,
            "broken": counts.broken,
            "open": counts.made - counts.kept - counts.broken,
        }
        for outcome, count in outcomes.items():
            self._promised.labels(outcome).set(count)

    def backlog(self, found: StoreBacklog) -> None:
        """What waits in the store."""
        for lane, waiting in found.lanes.items():
            self._lane_waiting.labels(lane.value).set(waiting.waiting)
            self._lane_oldest.labels(lane.value).set(waiting.oldest)
        for state, count in found.effects.items():
            self._effects.labels(state.value).set(count)
        self._overdue.set(found.overdue)
        self._promise.set(found.promise_overdue)
        self._emergency.set(found.emergency)

    def given_up(self, count: int) -> None:
        """How many effects are dead."""
        self._effects.labels(EffectState.DEAD.value).set(count)

    def engine(self, *, is_up: bool) -> None:
        """Whether what is taken is handled as usual."""
        self._engine.set(is_up)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"liaison_{name}", text, labels, registry=self._registry)

    def exposition(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)
