"""The board in the team's language: every word on its pages is data or a sentence of the catalogues, and no sentence of
the templates goes unread here."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from html import unescape
from itertools import chain
from pathlib import Path

import httpx
import pytest
from jinja2 import Environment
from pydantic import TypeAdapter

from deployments.gateway.app import Gateway
from deployments.gateway.board.answering import AskedHere
from deployments.gateway.board.sidebar_view import ShownTicket, shown_incident, shown_ticket
from deployments.gateway.board.views import (
    ShownStory,
    answer_page,
    board_page,
    found_page,
    plain_page,
    sign_in_page,
    story_page,
)
from deployments.gateway.serve import open_gateway
from incidents.basis import Basis
from incidents.decisions.affected.listing import affected_preview
from incidents.decisions.participants.status_page import public_preview
from incidents.links.board_links import board_token
from incidents.models import Incident, IncidentState, TicketRef
from incidents.policy.policy import Service
from incidents.store.database import Database
from incidents.texts.team import MARKED, team_reads
from tests.deployments.gateway.conftest import PACE, Clock, Rules
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.deployments.gateway.vendors import NOW as TODAY
from tests.incidents.builders import NOW
from tests.incidents.store.examples import new_incident
from tests.incidents.texts.greek import (
    greek_boards,
    greek_case,
    greek_entries,
    greek_incident,
    greek_links,
    greek_messages,
    greek_policy,
    greek_questions,
    greek_standing,
    greek_stuck,
)
from tests.incidents.texts.marked import nameless, read, read_page
from tests.incidents.texts.team_sentences import ROOT, said_in_template, templates

SECRET = "correct horse battery"
BOARD = ROOT / "deployments" / "gateway" / "board"
ENGLISH = re.compile(
    r"\b(the|and|is|are|were|has|have|been|not|of|by|for|your|with|this|that|nobody|since|ago|customers?|woken|"
    r"told|waits?|open|closed|severity)\b",
    re.IGNORECASE,
)


def pages(language: str) -> Iterator[tuple[str, str]]:
    """Every page, as the board makes it, with every branch that there is, by name."""
    policy = greek_policy(language)
    basis = Basis(policy, NOW)
    with team_reads(language):
        for name, board in greek_boards().items():
            yield f"board {name}", board_page(board, policy)
        for state in IncidentState:
            yield f"story {state}", story_page(story(greek_incident(state)), basis, may_answer=True)
        case = greek_case(tickets=greek_case().tickets * 30)
        yield "story long", story_page(replace(story(greek_incident()), case=case), basis)
        yield "story new", story_page(bare(), basis)
        waiting = basis.policy.model_copy(
            update={"services": {name: _dry(one) for name, one in policy.services.items()}}
        )
        asked = [AskedHere(question=one, token="1.x") for one in greek_questions()]
        page = answer_page(greek_case(), asked, Basis(waiting, NOW))
        for preview in (public_preview(greek_case(), basis), affected_preview(greek_case(), basis)):
            # Customers' own, in their language.
            for line in preview.splitlines():
                page = page.replace(line, "")
        yield "answer", page
        yield "answer nothing", answer_page(greek_case(), [], basis)
        yield "found", found_page("ταμείο", [greek_incident()], policy, now=NOW)
        yield "found nothing", found_page("ταμείο", [], policy, now=NOW)
        yield "sign in", sign_in_page(has_secret=True, was_wrong=True, now=NOW)
        yield "plain", plain_page("τίτλος", "λόγια", now=NOW)


def _dry(service: Service) -> Service:
    return service.model_copy(
        update={"actions": [one.model_copy(update={"dry_run": True}) for one in service.actions]}
    )


def story(incident: Incident) -> ShownStory:
    return ShownStory(
        shown=greek_standing(incident),
        case=greek_case(incident),
        entries=greek_entries(),
        said=greek_messages(),
        stuck=greek_stuck(),
        links=greek_links(),
    )


def bare() -> ShownStory:
    """An incident of which nothing is known yet, and one that is over with nothing to come."""
    over = greek_incident(IncidentState.CLOSED, next_update_at=None)
    shown = greek_standing(over, promised_by=None, sla_due_at=None, questions=())
    case = greek_case(over, tickets=(), ledger=(), updates=(), untold=(), clocks=())
    return ShownStory(shown=shown, case=case, entries=(), said=(), stuck=(), links=())


def test_every_word_is_data_or_in_the_catalogues():
    """Read in a language that marks each sentence: what is in none, and is no Greek datum, is left in English."""
    assert {name: one.loose for name, page in pages(MARKED) if (one := read_page(page)).loose} == {}


def test_a_control_finds_what_is_not_marked():
    """In English every page has words that the test above would see."""
    assert [name for name, page in pages("en") if not read_page(page).loose] == []


def test_every_sentence_of_the_templates_is_read():
    """Or the test above would not look at it."""
    seen = frozenset(chain.from_iterable(read_page(page).sentences for _, page in pages(MARKED)))
    said = {
        form
        for path in templates("deployments/gateway/board")
        for one in said_in_template(path.read_text(), path.name)
        for form in one.forms
    }
    assert sorted(form for form in said if nameless(form) not in seen) == []


def test_no_template_says_anything_by_itself():
    """Between its tags and in what is read out of them there is nothing but what is worded."""
    assert {
        path.name: found for path in templates("deployments/gateway/board") if (found := bare_words(path))
    } == {}


def bare_words(path: Path) -> list[str]:
    tokens = Environment(autoescape=True).lex(path.read_text())
    page = "".join(text if kind == "data" else "#" for _, kind, text in tokens)
    return list(read_page(page).loose)


def test_the_script_says_nothing_by_itself():
    """Its words come with the page: what it shows is looked up there."""
    script = (BOARD / "templates" / "board.js").read_text()
    assert re.findall(r"textContent = (.*?);", script) == ["live.dataset[which]"]
    base = (BOARD / "templates" / "base.html").read_text()
    assert set(re.findall(r'says\("(\w+)"\)', script)) == set(re.findall(r"data-(\w+)=", base))


def test_in_german():
    """The real catalogue: the language is said to the browser, and no English word is left."""
    for name, page in pages("de"):
        assert '<html lang="de">' in page, name
        assert ENGLISH.findall(text_of(page)) == [], name
    board = text_of(dict(pages("de"))["board full"])
    for words in (
        "offene Vorfälle",
        "Schweregrad 2",
        "eskaliert seit 21. Nov., 12:00 Uhr UTC (vor 24 h 00 min)",
    ):
        assert words in board
    assert "13:00 Uhr UTC (in 1 h 00 min): die Technik wird geweckt" in board


def text_of(page: str) -> str:
    """Without what somebody types."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<code>.*?</code>|<[^>]*>", "", page)))


def test_the_sidebars_facts():
    """What an app beside a ticket is told; a command's verb and what answers a question are typed as they are."""
    policy = greek_policy(commands={"believed": ["zendesk/support"]})
    basis = Basis(policy, NOW)
    ref = TicketRef(connection="zendesk/support", id="1")
    with team_reads(MARKED):
        for state in IncidentState:
            incident = greek_incident(state)
            shown = shown_incident(greek_standing(incident), greek_case(incident), greek_messages(), basis)
            told = shown_ticket(ref, shown, basis)
            assert told.language == MARKED
            texts = [*leaves(TypeAdapter(ShownTicket).dump_python(told, mode="json"))]
            assert read(*texts).loose == [], state


def leaves(found: object, name: str = "") -> Iterator[str]:
    """Texts for people; `verb`, `answer` and the like are for the app."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield from leaves(value, key)
    elif isinstance(found, list):
        for value in found:
            yield from leaves(value, name)
    elif isinstance(found, str) and name not in ("verb", "answer", "at", "since", "promised_by", "language"):
        yield found


# Over the wire


@pytest.fixture
def rules() -> Rules:
    return Rules(greek_policy())


@pytest.fixture
async def gateway(
    database: Database, key: str, clock: Clock, prefect: PrefectApi, rules: Rules
) -> AsyncIterator[Gateway]:
    async with database.transaction() as tx:
        await new_incident(tx, title="Ταμείο", now=TODAY)
    async with open_gateway(
        database, key, connect=prefect.connect, clock=clock, pace=PACE, policy=rules, board_secret=SECRET
    ) as gateway:
        yield gateway


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(gateway, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        yield http


@pytest.mark.parametrize(
    "look",
    [
        ("", "Άννα", 200),
        ("?q=nothing", "Άννα", 200),
        ("INC-1", "Άννα", 200),
        ("answer-INC-1", "Άννα", 200),
        ("answer-INC-1", "Βάσω", 403),
        ("answer-INC-9", "Άννα", 404),
        ("INC-9", "Άννα", 404),
        ("nothing", "Άννα", 404),
        ("", None, 401),
        ("enter?link=worthless", None, 401),
    ],
)
async def test_pages_of_the_gateway(
    http: httpx.AsyncClient, key: str, rules: Rules, look: tuple[str, str | None, int]
):
    """By the policy in force at each look, also where somebody may not or there is nothing; whatever the browser would
    rather read."""
    path, reader, status = look
    who = {} if reader is None else {"Cookie": f"liaison_board={board_token(key, reader, now=TODAY)}"}
    answer = await http.get(f"/board/{path}", headers=who | {"Accept-Language": "de"})
    assert answer.status_code == status
    assert f'<html lang="{MARKED}">' in answer.text
    words = read_page(answer.text.replace("nothing", "")).loose
    assert words == []
    rules.policy = greek_policy("en")
    if path != "":  # which is made once a second
        assert '<html lang="en">' in (await http.get(f"/board/{path}", headers=who)).text


@pytest.mark.parametrize("sent", [{}, {"sec-fetch-site": "same-origin"}])
async def test_answers_that_are_not_taken(http: httpx.AsyncClient, key: str, sent: dict[str, str]):
    who = {"Cookie": f"liaison_board={board_token(key, 'Άννα', now=TODAY)}"}
    answer = await http.post("/board/answer-INC-1", data={"answer": "yes"}, headers=who | sent)
    assert answer.status_code == 403
    assert read_page(answer.text).loose == []
