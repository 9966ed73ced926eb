"""A customer who wants to be forgotten: nothing of theirs is left in either database, and everybody else's is."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import LogCreate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from deployments.commands.forget import MODELS, forget
from flows.reconcile import reconcile
from flows.recover import recover
from flows.sla_sweep import sla_sweep
from flows.train import train
from incidents.effects import EffectKind
from incidents.errors import NotFound, Refused
from incidents.events import AlertEvent
from incidents.models import IncidentState
from incidents.process.alerts import take_alerts
from incidents.store.database import Database
from incidents.store.erasure.receipts import ErasureReceipt, digest_of
from tasks import resources
from tests.servers import Postgres
from tests.stories.installation import Installation

ADDRESS = "zoe.quibble@mail.example"
SUBJECT = "Basket explodes when frobnicating"
BODY = "Whenever I frobnicate my velvet basket with the bombazine voucher, everything goes dark."
SHE = ("Quibble", "quibble", "frobnicat", "velvet", "bombazine")
"""Words that tell of her, wherever they are; none that Prefect gives to runs by chance, as it does `turquoise`."""


@pytest.fixture
async def theirs(postgres: Postgres) -> AsyncIterator[AsyncEngine]:
    """Prefect's own database."""
    engine = create_async_engine(postgres.url("prefect"), poolclass=NullPool)
    yield engine
    await engine.dispose()


async def _everything(engine: AsyncEngine) -> list[str]:
    """Every row of every table as a text, with what bytes say."""
    found: list[str] = []
    async with engine.begin() as connection:
        tables = await connection.execute(
            text("select table_name from information_schema.tables where table_schema = 'public'")
        )
        for table in tables.scalars().all():
            for row in (await connection.execute(text(f'select * from "{table}"'))).mappings():  # noqa: S608
                values = [
                    value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    for value in row.values()
                ]
                found.append(f"{table}: {' | '.join(values)}")
    return found


async def _about_her(engine: AsyncEngine) -> list[str]:
    return [row[:300] for row in await _everything(engine) if any(word in row for word in SHE)]


async def _pages(engine: AsyncEngine) -> list[str]:
    return [row for row in await _everything(engine) if row.startswith("artifact")]


def _she_writes(liaison: Installation) -> int:
    return liaison.world.zendesk.create_ticket("Zoe Quibble", ADDRESS, SUBJECT, BODY)


async def _forget(
    liaison: Installation, tmp_path: Path, named: str = ADDRESS, *, is_dry: bool = False
) -> ErasureReceipt:
    return await forget(named, home=tmp_path, is_dry=is_dry)


async def _forget_in_ours(liaison: Installation, tmp_path: Path, postgres: Postgres) -> ErasureReceipt:
    """Where Prefect's database is ours, as `liaison up` has it."""
    return await forget(ADDRESS, home=tmp_path, is_dry=False, prefects=postgres.url("prefect"))


def _count(receipt: ErasureReceipt, what: str) -> int:
    return sum(one.count for one in receipt.erased if one.what == what)


async def _all_is_handled(liaison: Installation) -> None:
    """Our own notes come back as webhooks, too."""
    for _ in range(2):
        await liaison.intake()
        await liaison.sync()


async def _an_alert_that_names_her(liaison: Installation) -> None:
    """A monitor of whoever puts users into summaries and labels."""
    alert = AlertEvent(
        connection="alertmanager/main",
        key="a",
        started_at=datetime.now(UTC),
        labels=(("service", "checkout"), ("user", ADDRESS)),
        summary=f"Payment of {ADDRESS} failed",
    )
    mapped = {"connection": "alertmanager/main", "labels": {"service": "checkout"}}
    liaison.write_policy({"services": {"checkout": {"alerts": [mapped]}}})
    async with resources.transaction() as step:
        taken = await take_alerts(step, [alert])
    assert taken.incidents == (1,)


async def _reported_by_her_and_another(liaison: Installation) -> tuple[int, int]:
    """Her ticket is the first, so the incident's title is of her words."""
    liaison.world.break_checkout()
    hers = _she_writes(liaison)
    await liaison.hear()
    (other,) = liaison.customers_write(1)
    await liaison.intake()
    await _all_is_handled(liaison)
    assert "frobnicating" in (await liaison.incident()).title
    return hers, other


async def test_nothing_of_hers_is_left_and_the_incident_goes_on(
    liaison: Installation, theirs: AsyncEngine, tmp_path: Path, postgres: Postgres
):
    """Not in a table, not in Prefect's pages, parameters or logs; the other customer is told when it is fixed."""
    hers, other = await _reported_by_her_and_another(liaison)
    await _an_alert_that_names_her(liaison)
    await sla_sweep()
    assert await _about_her(liaison.database.engine)
    assert await _about_her(theirs)

    receipt = await _forget_in_ours(liaison, tmp_path, postgres)

    assert await _about_her(liaison.database.engine) == []
    assert await _about_her(theirs) == []
    assert _count(receipt, "tickets' texts, names and addresses") == 1
    assert any("INC-1 is open and goes on" in remark for remark in receipt.remarks)
    case = await liaison.case()
    assert [str(item.ticket.ref.id) for item in case.present] == [str(other)]
    told = [line.text for line in await liaison.timeline()]
    assert any("1 ticket is gone (erased at its customer's wish)" in line for line in told)

    replies = len(liaison.replies(hers))
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    await liaison.resolved()
    await liaison.let_pass(timedelta(minutes=5))
    await recover()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert len(liaison.replies(hers)) == replies, "nothing is sent to her any more"
    assert liaison.replies(other)
    # The on-call tool still has its page, and quotes it in its own webhooks.
    again = await _about_her(liaison.database.engine)
    assert all(row.startswith("deliveries:") and "pagerduty/demo" in row for row in again)


async def test_what_the_helpdesk_goes_on_saying_does_not_bring_it_back(liaison: Installation, tmp_path: Path):
    """Neither a webhook of her ticket nor the poll. A ticket that she writes later is a new one."""
    hers, _ = await _reported_by_her_and_another(liaison)
    await _forget(liaison, tmp_path)
    liaison.world.zendesk.customer_reply(hers, "It is still broken!")
    await liaison.intake()
    await reconcile()
    async with liaison.database.transaction() as tx:
        row = (
            await tx.execute(
                text("select subject, requester_email, gone from tickets where id = :id"), {"id": str(hers)}
            )
        ).one()
    assert tuple(row) == ("", "", "forgotten")
    assert len(await liaison.incidents()) == 1
    _she_writes(liaison)
    await liaison.intake()
    async with liaison.database.transaction() as tx:
        known = await tx.execute(
            text("select count(*) from tickets where requester_email = :it"), {"it": ADDRESS}
        )
    assert known.scalar_one() == 1


async def test_a_dry_run_counts_and_changes_nothing(
    liaison: Installation, theirs: AsyncEngine, tmp_path: Path
):
    """The same numbers as the erasure itself."""
    await _reported_by_her_and_another(liaison)
    before = await _everything(liaison.database.engine), await _pages(theirs)
    dry = await _forget(liaison, tmp_path, is_dry=True)
    assert (await _everything(liaison.database.engine), await _pages(theirs)) == before
    assert dry.erased == (await _forget(liaison, tmp_path)).erased


async def test_her_complaint_that_reopened_it_goes_too(
    liaison: Installation, theirs: AsyncEngine, tmp_path: Path, postgres: Postgres
):
    """A comment is quoted in the story, on the page and in the room; the ticket itself never had it."""
    await liaison.escalated(2)
    hers = _she_writes(liaison)
    await liaison.intake()
    await liaison.resolved()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    liaison.world.break_checkout()
    liaison.world.zendesk.customer_reply(hers, "It is still broken when I frobnicate my velvet basket again.")
    await _all_is_handled(liaison)
    assert (await liaison.incident()).state is IncidentState.ESCALATED
    assert "velvet" in "".join(line.text for line in await liaison.timeline())
    await _forget_in_ours(liaison, tmp_path, postgres)
    assert await _about_her(liaison.database.engine) == []
    assert await _about_her(theirs) == []
    assert await liaison.timeline(), "the story itself stays"


async def test_the_receipt_names_nobody_and_can_be_proven(liaison: Installation, tmp_path: Path):
    """By whoever knows the address, with the salt."""
    await _reported_by_her_and_another(liaison)
    receipt = await _forget(liaison, tmp_path)
    assert not any(word in repr(receipt) for word in SHE)
    assert receipt.digest == hashlib.sha256(f"{receipt.salt}{ADDRESS}".encode()).hexdigest()
    assert digest_of(receipt.salt, f" {ADDRESS.upper()} ") == receipt.digest
    async with liaison.database.transaction() as tx:
        kept = (await tx.execute(text("select digest, receipt from erasures"))).one()
    assert kept.digest == receipt.digest
    assert len(kept.receipt["erased"]) == len(receipt.erased)


@pytest.mark.parametrize("form", ["zendesk/demo#{ticket}", "zendesk/demo:{requester}"])
async def test_she_can_be_named_by_a_ticket_or_by_the_helpdesks_id(
    liaison: Installation, tmp_path: Path, form: str
):
    """As an agent has it at hand."""
    hers, _ = await _reported_by_her_and_another(liaison)
    async with liaison.database.transaction() as tx:
        requester = await tx.execute(
            text("select requester_id from tickets where id = :id"), {"id": str(hers)}
        )
    named = form.format(ticket=hers, requester=requester.scalar_one())
    await _forget(liaison, tmp_path, named)
    assert await _about_her(liaison.database.engine) == []


@pytest.mark.parametrize(
    "named", ["nobody@mail.example", "zendesk/support#99999", "zendesk/support:0", "Zoe"]
)
async def test_nobody_is_told_so(liaison: Installation, tmp_path: Path, named: str):
    """With the forms in which somebody can be named."""
    with pytest.raises(NotFound):
        await _forget(liaison, tmp_path, named)


async def test_a_webhook_that_waits_is_waited_for(liaison: Installation, tmp_path: Path):
    """Erased before it is read, it would be a lost ticket; read after, it would bring her back."""
    await _reported_by_her_and_another(liaison)
    _she_writes(liaison)
    await liaison.hear()
    with pytest.raises(Refused, match="not handled yet"):
        await _forget(liaison, tmp_path)
    await _all_is_handled(liaison)
    await _forget(liaison, tmp_path)


async def test_models_that_hold_a_word_of_hers_go_and_others_stay(liaison: Installation, tmp_path: Path):
    """A word that only she wrote is in the bytes of one of them, and `train` is asked to learn anew."""
    await _reported_by_her_and_another(liaison)
    async with get_client() as client:
        await client.create_deployment(await client.create_flow(train), name=train.name)
    for number, vocabulary in enumerate((["basket", "frobnicating"], ["checkout", "error"])):
        await _keep_model(liaison.database, number, pickle.dumps(vocabulary))
    receipt = await _forget(liaison, tmp_path)
    assert _count(receipt, MODELS) == 1
    async with liaison.database.transaction() as tx:
        left = (await tx.execute(text("select id from insight_models"))).scalars().all()
    assert left == [1]


async def _keep_model(database: Database, number: int, content: bytes) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            text(
                "insert into insight_models values (:id, 'routing', :label, 1, 'champion', now(), now(), now(), 500,"
                " 'accuracy', 0.9, 0.01, '{}', 'a checksum', :content)"
            ),
            {"id": number, "label": f"label {number}", "content": content},
        )


async def test_logs_and_runs_that_name_her_go(liaison: Installation, theirs: AsyncEngine, tmp_path: Path):
    """A library may quote anything in an error: its run goes, and the line in the file is masked."""
    await _reported_by_her_and_another(liaison)
    async with get_client() as client:
        run = await _newest_run(client)
        at = run.start_time or run.created
        assert at is not None
        line = f"cannot reach {ADDRESS}"
        await client.create_logs(
            [LogCreate(name="x", level=40, message=line, timestamp=at, flow_run_id=run.id)]
        )
    (tmp_path / "logs").mkdir()
    file = tmp_path / "logs" / "worker.log"
    file.write_text(f"all is well\n{line}\n")
    (tmp_path / "reviews").mkdir()
    review = tmp_path / "reviews" / "INC-1.md"
    review.write_text(f"- {BODY}\n- mended\n")
    receipt = await _forget(liaison, tmp_path)
    assert file.read_text() == "all is well\ncannot reach [erased]\n"
    assert not any(word in review.read_text() for word in SHE)
    assert review.read_text().endswith("\n- mended\n")
    assert _count(receipt, "lines of logs and reviews") == 2
    assert _count(receipt, "runs with their parameters and logs") >= 1
    left = [row for row in await _everything(theirs) if row.startswith("flow_run:") and str(run.id) in row]
    assert left == []


async def _newest_run(client: PrefectClient) -> FlowRun:
    """One that is over: a server that other tests use too has runs that are only scheduled, which nobody erases."""
    over = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.COMPLETED]))
    (run,) = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=over), sort=FlowRunSort.START_TIME_DESC, limit=1
    )
    return run


async def test_what_others_wrote_in_the_same_words_stays(liaison: Installation, tmp_path: Path):
    """An outage is told in the same words by many: they are nobody's."""
    written = await liaison.escalated(3)
    await _all_is_handled(liaison)
    title = (await liaison.incident()).title
    await _forget(liaison, tmp_path, f"zendesk/demo#{written[0]}")
    assert (await liaison.incident()).title == title
    notes = await liaison.ledger(EffectKind.TICKET_NOTE)
    async with liaison.database.transaction() as tx:
        payloads = await tx.execute(text("select target, payload from effects where kind = 'ticket_note'"))
        emptied = {row.target for row in payloads if json.dumps(row.payload) == "{}"}
    assert emptied == {str(written[0])}
    assert len(notes) > 1
