"""`liaison check` says what fires, and what of it the policy names no service for, with the labels to name."""

from __future__ import annotations

import pytest

from deployments.commands.checks.firing_alerts import firing_alerts
from incidents.store.database import Database
from tests.incidents.process.test_alerts import an_alert, take


async def test_alerts_of_no_service_are_told_with_their_labels(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    await take(database, an_alert(), an_alert("b", team="search", severity="page"))
    monkeypatch.setenv("LIAISON_DATABASE_URL", database.url)
    assert await firing_alerts(None) == (
        "2 alerts fire\n1 of alertmanager/main are about no service, so no incident hears of them: name their labels in"
        " the policy, in the service's alerts: {severity: page, team: search}"
    )
