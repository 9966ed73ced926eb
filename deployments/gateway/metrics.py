"""What the gateway counts, for Prometheus. A registry of its own, so that tests can have many gateways."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, ProcessCollector


class Metrics:
    """`liaison_deliveries_total` by connection and result (new, duplicate, forged_signature, error, ...)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.deliveries = Counter(
            "liaison_deliveries",
            "Webhooks by connection and what became of them.",
            ["connection", "result"],
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
