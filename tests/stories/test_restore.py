"""The drill of a restored backup: what happened after it is found at the vendors, and nobody is told twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deployments.commands.backup import make_restored
from deployments.machine import dumps
from flows.reconcile import reconcile
from flows.recover import recover
from incidents.effects import EffectKind, EffectState
from incidents.store.database import Database
from incidents.store.migrate import migrate
from tasks import resources
from tests.databases import Databases
from tests.stories.installation import Installation


@pytest.mark.parametrize("is_told", [True, False], ids=["restored", "control: merely loaded"])
async def test_what_was_said_after_the_backup_is_not_said_again(
    liaison: Installation,
    databases: Databases,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    is_told: bool,
):
    """The engineer took the page after the backup, and the customers were told. Restored, the store learns from the
    pager that somebody has it and decides to tell them: the message is found on their tickets.

    The control is the same store that does not know it was restored: it tells everybody again.
    """
    tickets = await liaison.escalated(2)
    dumps.dump(liaison.database.url, tmp_path / "store.dump")
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    assert [len(liaison.replies(ticket)) for ticket in tickets] == [1, 1]

    name = await databases.create()
    url = databases.url(name)
    dumps.load(url, tmp_path / "store.dump")
    database = Database(url)
    await (make_restored(url) if is_told else migrate(database))
    await resources.close()
    monkeypatch.setenv("LIAISON_DATABASE_URL", url)
    restored = replace(liaison, database=database)

    await reconcile()
    await recover()
    again = 1 if is_told else 2
    assert [len(liaison.replies(ticket)) for ticket in tickets] == [again, again]
    assert len(liaison.world.pagerduty.pages) == 1
    messages = await restored.ledger(EffectKind.CUSTOMER_MESSAGE)
    assert {line.state for line in messages} == {EffectState.DONE}

    await resources.close()
    await database.aclose()
    monkeypatch.setenv("LIAISON_DATABASE_URL", liaison.database.url)
    await databases.drop(name)
