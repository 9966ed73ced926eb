"""What is written below the issue for a lasting fix goes there, whatever became of incident and issue meanwhile."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from incidents.decisions.participants.issue import issue_key
from incidents.effects import EffectKind, IssueComment, IssueText
from incidents.store.cases import load_case
from incidents.store.database import Database
from incidents.store.issues import KnownIssue, issues_to_read, keep_issue, record_key
from incidents.store.ledger.effects import plan_effects, result_of_opening
from incidents.store.schema.tables import effects
from incidents.texts.messages import internal
from tests.incidents.builders import NOW
from tests.incidents.process.test_merging import merged, two
from tests.incidents.store.examples import effect


@pytest.mark.parametrize("has_one_too", [False, True])
async def test_what_goes_below_an_issue_goes_along_with_it(database: Database, has_one_too: bool):
    """The opening has another key after the merge, and is found by what was leased before it, too."""
    first, second = await two(database)
    async with database.transaction() as tx:
        cases = [await load_case(tx, number) for number in (first, second)]
        keys = [issue_key(case) for case in cases]
        opened = [
            effect(
                key, incident_id=number, kind=EffectKind.ISSUE_OPEN, connection="redmine/main",
                payload=IssueText(title="t", text=internal("t")),
            )
            for key, number in zip(keys, (first, second), strict=True)
        ][0 if has_one_too else 1:]  # fmt: skip
        await plan_effects(tx, opened)
        for key, result in zip(keys, ("70", "77"), strict=True):
            await tx.execute(
                update(effects).where(effects.c.key == key).values(state="done", sent_at=NOW, result=result)
            )
        below = effect(
            "summary", incident_id=second, kind=EffectKind.ISSUE_COMMENT, connection="redmine/main",
            payload=IssueComment(opening=keys[1], text=internal("what it came to")),
        )  # fmt: skip
        await plan_effects(tx, [below])
        number = (await tx.execute(select(effects.c.id).where(effects.c.key == "summary"))).scalar_one()
    await merged(database, second, first)
    async with database.transaction() as tx:
        assert await result_of_opening(tx, number) == "77"


@pytest.mark.parametrize("is_known", [False, True])
async def test_an_issue_that_has_another_key_now(database: Database, is_known: bool):
    """Moved at its tracker, or merged there into one that we know as well."""
    first, second = await two(database)
    tracker = "redmine/main"
    async with database.transaction() as tx:
        words = IssueText(title="t", text=internal("t"))
        opening = effect(
            "opening", incident_id=first, kind=EffectKind.ISSUE_OPEN, connection=tracker, payload=words
        )
        comment = IssueComment(opening="opening", text=internal("x"))
        below = effect(
            "below", incident_id=first, kind=EffectKind.ISSUE_COMMENT, connection=tracker, payload=comment
        )
        await plan_effects(tx, [opening, below])
        await tx.execute(
            update(effects)
            .where(effects.c.key == "opening")
            .values(state="done", sent_at=NOW, result="OLD-1")
        )
        await keep_issue(tx, tracker, "OLD-1", first, now=NOW)
        if is_known:
            await keep_issue(tx, tracker, "NEW-9", second, now=NOW)
        issue = KnownIssue(connection=tracker, key="OLD-1", incident_id=first, status="")
        known = await record_key(tx, issue, "NEW-9")
        number = (await tx.execute(select(effects.c.id).where(effects.c.key == "below"))).scalar_one()
        assert await result_of_opening(tx, number) == "NEW-9"
        left = {one.key for one in await issues_to_read(tx)}
    assert (known.key, left) == (("OLD-1", {"OLD-1", "NEW-9"}) if is_known else ("NEW-9", {"NEW-9"}))
