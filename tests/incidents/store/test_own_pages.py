"""Pages of our own quote tickets: whoever is forgotten is in none of them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from incidents.effects import EffectKind
from incidents.models import Page, Severity, TicketRef
from incidents.redaction.traces import MASK, Traces
from incidents.rotas.page_desk import PageWords
from incidents.rotas.wakes import Wake
from incidents.store.database import Database
from incidents.store.erasure.erase import erase_words
from incidents.store.erasure.person import KnownCustomer
from incidents.store.ledger.effects import plan_effects
from incidents.store.roster.desk import StoredPageDesk
from tests.incidents.store.examples import HELPDESK, NOW, effect, new_incident

NAME = "Zoe Quibble"


async def test_a_customer_who_is_forgotten(database: Database):
    """In pages of their incidents and the notes on them; another incident's page stays as it is."""
    desk = StoredPageDesk(database, "roster/main")
    async with database.transaction() as tx:
        hers, other = await new_incident(tx), await new_incident(tx)
        pages = [
            effect(
                f"page {one.id}",
                incident_id=one.id,
                target=f"page {one.id}",
                kind=EffectKind.PAGE,
                payload=Page(summary="s", source="x", severity=Severity.HIGH),
            )
            for one in (hers, other)
        ]
        await plan_effects(tx, pages)
    wake = Wake(person="ana", name="Ana", way="ana-phone", wait=timedelta(minutes=5))
    for one in (hers, other):
        key = f"page {one.id}"
        words = PageWords(summary=f"{NAME} cannot pay", text=f"First tickets: {NAME}")
        await desk.open_page(key, target="payments", words=words, wakes=[wake], now=NOW)
        await desk.add_note(key, f"{NAME} waits", once="note", now=NOW)
    person = KnownCustomer(
        ids=frozenset(),
        names=frozenset({NAME}),
        addresses=frozenset(),
        tickets=(TicketRef(connection=HELPDESK, id="1"),),
        incidents=(hers.id,),
        texts=(),
    )
    async with database.transaction() as tx:
        await erase_words(tx, person, Traces.of(names=[NAME], texts=[]))
        rows = await tx.execute(
            text(
                "select p.summary, p.text, n.text from roster_pages p join roster_notes n on n.page_id = p.id"
                " order by p.id"
            )
        )
        assert [tuple(row) for row in rows] == [
            (f"{MASK} cannot pay", f"First tickets: {MASK}", f"{MASK} waits"),
            (f"{NAME} cannot pay", f"First tickets: {NAME}", f"{NAME} waits"),
        ]
