"""What the gateway counts, for Prometheus. A registry of its own, so that tests can have many gateways."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest

from deployments.machine.disk import Disk
from incidents.events import Lane
from incidents.promises.updates import PromiseCounts

NO_CONNECTION = "unknown"


class Metrics:
    """`liaison_store_disk_free_bytes` where the store is on this machine; `liaison_deliveries_total` by connection
    and result (new, duplicate, forged_signature, error, ...), `liaison_deliveries_set_aside` by connection and state
    (parked, ignored) as the store has it, `liaison_doorbell_total` by lane and result (rung, not_needed, failed), and
    `liaison_promised_updates` by outcome (kept_by_people, kept_by_safe_text, broken, open) as the store has them.

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

    def exposition(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)
