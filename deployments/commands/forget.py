"""`liaison forget`: a customer's data erased everywhere Liaison has it, with a receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prefect.client.orchestration import get_client
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from deployments.commands.reviews.review import REVIEWS
from deployments.machine.prefect_events import erase_quotes
from incidents.errors import Refused
from incidents.lifecycle import UNSETTLED
from incidents.process.forgetting import leave_incidents
from incidents.redaction.traces import RUN, Traces
from incidents.step import Step
from incidents.store.cases import incidents_by_id
from incidents.store.erasure.bodies import ToldDelivery, deliveries_of
from incidents.store.erasure.desk import desk_words, erase_desk
from incidents.store.erasure.erase import (
    Erased,
    being_sent,
    erase_bodies,
    erase_tickets,
    erase_words,
    forget_board,
)
from incidents.store.erasure.person import KnownCustomer, find_person, traces_of
from incidents.store.erasure.receipts import ErasureReceipt, keep_receipt, new_receipt
from insights.store.model_words import delete_models, models_with, own_words
from tasks import resources
from tasks.pages.story import review_key
from tasks.retention.traces import PrefectTraces, counted, erase_in_prefect, find_in_prefect
from tasks.stages.story import tell_story

ALWAYS = (
    "Backups made before today still have it: delete them, or forget again after a restore.",
    "What was sent to the helpdesk, the on-call tool and chat is theirs, and is erased there.",
    "A worker that is running remembers texts until it is restarted: restart it.",
)
NOT_OUR_EVENTS = (
    "Events of Prefect quote its pages, and no API deletes them: on a server that is not ours they go with its "
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """Everything that has to be known before anything is erased."""

    person: KnownCustomer
    traces: Traces
    words: frozenset[str]
    prefect: PrefectTraces


class _OnlyLooking(Exception):
    """Ends the transaction of a dry run, with nothing written."""


async def forget(named: str, *, home: Path, is_dry: bool, prefects: str | None = None) -> ErasureReceipt:
    """Erase what there is of the customer, or only count it. `prefects`: Prefect's database, where that is ours.

    Prefect's part goes first: what fails half-way can be done again as long as the store knows whom it is about.
    Raises `NotFound` for a name of nobody, `Refused` while a webhook of theirs is not handled yet or a message to them
    is on its way.
    """
    known = await _known(named)
    if is_dry:
        return await _in_store(named, known, counted(known.prefect), home=home, is_dry=True)
    try:
        in_prefect = [*await erase_in_prefect(known.prefect)]
        if prefects is not None:
            count = await erase_quotes(prefects, sorted(known.prefect.keys))
            in_prefect.append(Erased(what=EVENTS, where="Prefect, events", count=count))
        receipt = await _in_store(named, known, in_prefect, home=home, is_dry=False)
    finally:
        # Whatever became of the rest, the pages of their incidents are there.
        await _write_anew(known)
    if any(one.what == MODELS and one.count for one in receipt.erased):
        await _train()
    return receipt


async def _in_store(
    named: str, known: _Known, in_prefect: Sequence[Erased], *, home: Path, is_dry: bool
) -> ErasureReceipt:
    receipt: list[ErasureReceipt] = []
    try:
        async with resources.transaction() as step:
            open_incidents = await _open_incidents(step.connection, known.person)
            erased = await _erase(step, known)
            in_logs = _mask_logs(home, known.traces, is_dry=is_dry)
            remarks = [*_remarks(known, open_incidents, erased), *ALWAYS]
            if known.prefect.pages and all(one.what != EVENTS for one in in_prefect):
                remarks.append(NOT_OUR_EVENTS)
            receipt.append(new_receipt(named, [*erased, *in_prefect, in_logs], remarks, now=step.now))
            if is_dry:
                raise _OnlyLooking
            await keep_receipt(step.connection, receipt[0])
    except _OnlyLooking:
        pass
    return receipt[0]


MODELS = "models that had a word of theirs"
EVENTS = "events that quoted pages"


async def _known(named: str) -> _Known:
    async with resources.database().transaction() as tx:
        person = await find_person(tx, named)
        told: list[str] = []
        async for delivery in deliveries_of(tx, person):
            _refuse_waiting(delivery)
            # What is shorter is a field's value, and everybody's.
            told += [words for words in delivery.texts if len(words.split()) >= RUN]
        await _refuse_sending(tx, person)
        told += [words for words in await desk_words(tx, person) if len(words.split()) >= RUN]
        traces = await traces_of(tx, person, told=told)
        await _bodies(tx, person, traces)
        words = await own_words(tx, [str(ref) for ref in person.tickets], person.texts)
    return _Known(
        person=person,
        traces=traces,
        words=words,
        prefect=await find_in_prefect(traces, person.incidents),
    )


def _refuse_waiting(delivery: ToldDelivery) -> None:
    if delivery.state == "pending":
        raise Refused(
            f"delivery {delivery.id} tells of this customer and is not handled yet: try again in a minute"
        )


async def _refuse_sending(tx: AsyncConnection, person: KnownCustomer) -> None:
    if await being_sent(tx, person):
        raise Refused("a message on one of their tickets is on its way just now: try again in a minute")


async def _erase(step: Step, known: _Known) -> Sequence[Erased]:
    tx, person = step.connection, known.person
    bodies = await _bodies(tx, person, known.traces)
    await _refuse_sending(tx, person)
    told = await leave_incidents(step, person)
    models = await models_with(tx, known.words)
    await delete_models(tx, models)
    await forget_board(tx)
    return [
        *await erase_tickets(tx, person),
        *await erase_desk(tx, person),
        *await erase_words(tx, person, known.traces),
        await erase_bodies(tx, bodies),
        Erased(what="open incidents that were told", where="incidents", count=len(told)),
        Erased(what=MODELS, where="insight_models", count=len(models)),
    ]


async def _bodies(tx: AsyncConnection, person: KnownCustomer, traces: Traces) -> Sequence[int]:
    """The webhooks that tell of them; `Refused` where one is not handled yet."""
    found = []
    async for delivery in deliveries_of(tx, person, traces):
        _refuse_waiting(delivery)
        found.append(delivery.id)
    return found


async def _open_incidents(tx: AsyncConnection, person: KnownCustomer) -> Sequence[str]:
    found = await incidents_by_id(tx, person.incidents)
    return [one.name for one in found.values() if one.state in UNSETTLED]


def _remarks(known: _Known, open_incidents: Sequence[str], erased: Sequence[Erased]) -> Sequence[str]:
    remarks = [
        f"{name} is open and goes on without their tickets: nothing is sent to them any more."
        for name in open_incidents
    ]
    if known.prefect.under_way:
        remarks.append(
            f"{known.prefect.under_way} runs under way tell of them: forget again when they have ended."
        )
    if any(one.what == MODELS and one.count for one in erased):
        remarks.append(
            "The models are gone; `train` was asked to learn anew, and the rules decide until then."
        )
    return remarks


def _mask_logs(home: Path, traces: Traces, *, is_dry: bool) -> Erased:
    """Lines of our logs and reviews on disk, masked in place: the processes go on writing into the same files."""
    count = 0
    for file in sorted([*(home / "logs").glob("*.log*"), *(home / REVIEWS).glob("*.md")]):
        written = file.read_text(errors="replace").splitlines(keepends=True)
        masked = [traces.masked(line) for line in written]
        changed = sum(one != other for one, other in zip(written, masked, strict=True))
        if changed and not is_dry:
            file.write_text("".join(masked))
        count += changed
    return Erased(what="lines of logs and reviews", where="home folder", count=count)


async def _write_anew(known: _Known) -> None:
    """The pages of their incidents as they are now."""
    for number in known.person.incidents:
        if known.prefect.keys & {f"inc-{number}", review_key(number)}:
            await tell_story.fn(number)


async def _train() -> None:
    async with get_client() as client:
        deployment = await client.read_deployment_by_name("train/train")
        await client.create_flow_run_from_deployment(deployment.id)


def print_receipt(console: Console, receipt: ErasureReceipt, *, is_dry: bool) -> None:
    """What was erased, or would be; what a person still has to do."""
    table = Table(box=None, header_style="bold")
    for heading in ("what", "where", "would be erased" if is_dry else "erased"):
        table.add_column(heading)
    for one in receipt.erased:
        table.add_row(one.what, one.where, f"{one.count:,}")
    console.print(table)
    for remark in receipt.remarks:
        console.print(remark)
    if not is_dry:
        console.print(
            f"Receipt of {receipt.at:%Y-%m-%d %H:%M UTC}: SHA-256 {receipt.digest}, salt {receipt.salt}"
        )
