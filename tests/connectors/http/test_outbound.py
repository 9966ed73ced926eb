"""Writing back by configured calls: filled in as data, told apart by what may be repeated, and never more than said."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from connectors.http.connector import Http
from connectors.http.fields import TicketFields
from connectors.http.outbound.calls import fill
from connectors.http.outbound.settings import Outbound
from connectors.http.outbound.two_way import TwoWayHttp, open_http
from connectors.http.settings import HttpSettings, WebhookMapping
from incidents.errors import Busy, NotAllowed, Refused, Unreachable, Unrecognised
from incidents.models import ChangeOutcome, InternalText, PublicText, TicketChange, TicketStatus
from incidents.ports import Helpdesk

SECRET = SecretStr("a-secret-of-decent-length")
WEBHOOK = WebhookMapping(
    signing_secrets=[SECRET],
    ticket=TicketFields(id="id", status="status"),
    status_map={"2": TicketStatus.OPEN, "4": TicketStatus.SOLVED},
)
CALLS: dict[str, Any] = {
    "base_url": "https://desk.example.com",
    "headers": {"Authorization": "Basic c2VjcmV0"},
    "reply": {"path": "/t/{id}/reply", "body": {"body": "{text}"}},
    "note": {"path": "/t/{id}/notes", "body": {"body": "{text}", "private": True, "ref": "{once}"}},
    "status": {"method": "PUT", "path": "/t/{id}", "body": {"status": "{status}"}},
    "status_words": {"open": 2, "solved": 4},
    "read": {
        "path": "/t/{id}",
        "root": "ticket",
        "ticket": {"id": "id", "status": "status", "requester_id": "from"},
    },
}
Answer = Callable[[httpx.Request], httpx.Response]


class Desk:
    """Remembers what it was sent, and answers as it is told."""

    def __init__(self, answer: Answer = lambda request: httpx.Response(200, json={})) -> None:
        self.requests: list[httpx.Request] = []
        self._answer = answer

    def connection(self, **changes: Any) -> TwoWayHttp:
        async def handle(request: httpx.Request) -> httpx.Response:
            await request.aread()
            self.requests.append(request)
            return self._answer(request)

        calls = {key: value for key, value in {**CALLS, **changes}.items() if value is not None}
        settings = HttpSettings(webhook=WEBHOOK, outbound=Outbound.model_validate(calls))
        found = open_http("http/desk", settings, transport=httpx.MockTransport(handle))
        assert isinstance(found, TwoWayHttp)
        return found

    @property
    def sent(self) -> list[tuple[str, str, Any]]:
        return [
            (request.method, request.url.raw_path.decode(), json.loads(request.content or b"null"))
            for request in self.requests
        ]


NOTE = TicketChange(private_note=InternalText("Look at <INC-1> & {status}"))
REPLY = TicketChange(public_reply=PublicText("It works again"))
SOLVED = TicketChange(status=TicketStatus.SOLVED)


def test_without_outbound_it_is_no_helpdesk():
    """So nobody tries to write through it."""
    assert not isinstance(open_http("http/desk", HttpSettings(webhook=WEBHOOK)), Helpdesk)
    assert isinstance(Desk().connection(), Helpdesk)


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        (REPLY, ("POST", "/t/7%2F..%2Fx/reply", {"body": "It works again"})),
        (
            NOTE,
            (
                "POST",
                "/t/7%2F..%2Fx/notes",
                {"body": "Look at <INC-1> & {status}", "private": True, "ref": "k:1"},
            ),
        ),
        (SOLVED, ("PUT", "/t/7%2F..%2Fx", {"status": 4})),
    ],
)
async def test_a_change_is_one_call(change: TicketChange, sent: Any):
    """An id is one segment of a path whatever is in it, a text is a text, and a number stays one."""
    desk = Desk()
    (outcome,) = await desk.connection().update(["7/../x"], change, once="k:1")
    assert outcome.outcome is ChangeOutcome.DONE
    assert desk.sent == [sent]
    assert desk.requests[0].headers["idempotency-key"] == "k:1"
    assert desk.requests[0].headers["authorization"] == "Basic c2VjcmV0"


async def test_a_text_for_html_is_escaped():
    """Where the helpdesk shows HTML, our text is no markup."""
    desk = Desk()
    await desk.connection(text_form="html").update(["7"], NOTE, once="k")
    assert desk.sent[0][2]["body"] == "Look at &lt;INC-1&gt; &amp; {status}"


@given(st.text(), st.text())
def test_whatever_is_filled_in_is_never_a_template(text: str, id_: str):
    """One pass: a value that looks like a placeholder, or like JSON, stays what it is."""
    body = {"a": "{text}", "b": ["x {id} y", {"c": 1, "d": None}], "{text}": "{other}"}
    assert fill(body, {"text": text, "id": id_}) == {
        "a": text,
        "b": [f"x {id_} y", {"c": 1, "d": None}],
        "{text}": "{other}",
    }


@pytest.mark.parametrize(
    ("change", "missing", "words"),
    [
        (REPLY, {"reply": None}, "outbound.reply"),
        (NOTE, {"note": None}, "outbound.note"),
        (SOLVED, {"status": None}, "outbound.status"),
        (TicketChange(status=TicketStatus.WAITING_FOR_VENDOR), {}, "no word for waiting_for_vendor"),
        (TicketChange(add_tags=("a",)), {}, "only replies, notes and statuses"),
    ],
)
async def test_what_has_no_call_is_refused_by_name(change: TicketChange, missing: dict[str, Any], words: str):
    """Refused, not waited for: no later try would do better. Nothing is sent."""
    desk = Desk()
    with pytest.raises(Refused, match=words):
        await desk.connection(**missing).update(["7"], change, once="k")
    assert desk.requests == []


@pytest.mark.parametrize(
    ("status", "change", "outcome"),
    [
        (404, NOTE, ChangeOutcome.GONE),
        (410, REPLY, ChangeOutcome.GONE),
        (422, NOTE, ChangeOutcome.REFUSED),
        (500, REPLY, ChangeOutcome.UNKNOWN),
        (502, NOTE, ChangeOutcome.UNKNOWN),
    ],
)
async def test_what_became_of_one_ticket(status: int, change: TicketChange, outcome: ChangeOutcome):
    """And the next ticket is tried all the same."""
    desk = Desk(lambda request: httpx.Response(200 if "/8" in request.url.path else status, json={}))
    first, second = await desk.connection().update(["7", "8"], change, once="k")
    assert (first.outcome, second.outcome) == (outcome, ChangeOutcome.DONE)


@pytest.mark.parametrize(("status", "error"), [(429, Busy), (401, NotAllowed)])
async def test_what_stops_all_of_them_is_told_before_and_after_the_first_was_sent(status: int, error: Any):
    """Nothing sent: raised. Something sent: the rest is for later, and what was done is not forgotten."""
    with pytest.raises(error):
        await Desk(lambda request: httpx.Response(status)).connection().update(["7", "8"], REPLY, once="k")
    desk = Desk(lambda request: httpx.Response(200 if "/7" in request.url.path else status, json={}))
    outcomes = await desk.connection().update(["7", "8", "9"], REPLY, once="k")
    assert [one.outcome for one in outcomes] == [ChangeOutcome.DONE, ChangeOutcome.LATER, ChangeOutcome.LATER]
    assert len(desk.requests) == 2


async def test_a_lost_status_is_repeated_and_a_lost_message_is_not():
    """A status is a state; a text sent twice would be there twice."""
    for change, times in ((SOLVED, 3), (REPLY, 1), (NOTE, 1)):
        desk = Desk(lambda request: httpx.Response(502))
        with suppress(Unreachable):
            await desk.connection().update(["7"], change, once="k")
        assert len(desk.requests) == times


async def test_tickets_are_read_in_the_answers_own_words():
    """Those that are gone are left out."""

    def answer(request: httpx.Request) -> httpx.Response:
        id_ = request.url.path.rsplit("/", 1)[1]
        ticket = {"id": int(id_), "status": 4, "from": 99}
        return httpx.Response(404) if id_ == "8" else httpx.Response(200, json={"ticket": ticket})

    (ticket,) = await Desk(answer).connection().read(["7", "8", "7"])
    assert (ticket.ref.id, ticket.status, ticket.requester.id) == ("7", TicketStatus.SOLVED, "99")


async def test_an_answer_about_another_ticket_is_not_taken_for_it():
    """A merged ticket is answered with the one that lives on: its requester is somebody else."""
    desk = Desk(lambda request: httpx.Response(200, json={"ticket": {"id": 1, "status": 2, "from": 5}}))
    with pytest.raises(Unrecognised, match="of another"):
        await desk.connection().read(["7"])


async def test_what_cannot_be_looked_up_is_not_said_to_be_done():
    """So a message whose reply was lost waits for a person."""
    connection = Desk().connection()
    assert await connection.was_done("7", "k") is False
    assert [ticket async for ticket in connection.changed_since(datetime(2026, 3, 1, tzinfo=UTC))] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"base_url": "http://desk.example.com"}, "must be https"),
        ({"reply": {"path": "/t/{id}", "body": {"x": "no text"}}}, "reply must have {text}"),
        ({"note": {"path": "/t/7", "body": {"x": "{text}"}}}, "note must have {id}"),
        ({"status_words": {}}, "needs status_words"),
        ({"read": None}, "reply needs read"),
        ({"read": {"path": "/t/{id}", "ticket": {"id": "id"}}}, "needs id and status"),
        ({"headers": {"a b": "x"}}, "cannot be sent"),
    ],
)
def test_calls_that_could_not_work_are_refused_when_configured(changes: dict[str, Any], words: str):
    """With what is missing, and without a secret in the message."""
    with pytest.raises(ValidationError, match=words) as caught:
        Outbound.model_validate(
            {key: value for key, value in {**CALLS, **changes}.items() if value is not None}
        )
    assert "c2VjcmV0" not in str(caught.value)


def test_writing_back_needs_a_helpdesk_to_write_to():
    """The outbound half belongs to a webhook's."""
    with pytest.raises(ValidationError, match="webhook section"):
        HttpSettings(outbound=Outbound.model_validate(CALLS))


async def test_the_check_says_which_half_there_is():
    """An operator reads in `liaison check` that customers must be told by hand."""
    inbound = Http("http/desk", HttpSettings(webhook=WEBHOOK))
    assert "by hand" in await inbound.check()


NOTE_READ: dict[str, Any] = {
    "note_read": {"path": "/t/{id}/all", "notes": "data", "text": "body", "public": "private"},
    "note_hide": {"method": "PUT", "path": "/n/{note}", "body": {"private": True}},
}


class Notes:
    """A helpdesk that keeps notes, and whose flag goes wrong: `is_private` is how they are stored."""

    def __init__(self, *, is_private: bool | None, can_hide: bool = True, keeps_words: bool = True) -> None:
        self.notes: list[dict[str, Any]] = [{"id": 1, "body": "earlier", "private": True}]
        self._is_private = is_private
        self._can_hide = can_hide
        self._keeps_words = keeps_words

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            words = json.loads(request.content)["body"] if self._keeps_words else "other words"
            self.notes.append({"id": 9, "body": f"<p>{words}</p>", "private": self._is_private})
        elif request.method == "PUT":
            assert request.url.path == "/n/9"
            if not self._can_hide:
                return httpx.Response(403)
            self.notes[-1]["private"] = json.loads(request.content)["private"]
        return httpx.Response(200, json={"data": self.notes})


WORDS = TicketChange(private_note=InternalText("Part of INC-1"))


@pytest.mark.parametrize(
    ("notes", "calls", "outcome", "words"),
    [
        (Notes(is_private=True), NOTE_READ, ChangeOutcome.DONE, ""),
        (Notes(is_private=False), NOTE_READ, ChangeOutcome.EXPOSED, "it is hidden now"),
        (Notes(is_private=None), NOTE_READ, ChangeOutcome.EXPOSED, "it is hidden now"),
        (Notes(is_private=False, can_hide=False), NOTE_READ, ChangeOutcome.EXPOSED, "by hand"),
        (Notes(is_private=False), {**NOTE_READ, "note_hide": None}, ChangeOutcome.EXPOSED, "by hand"),
        (Notes(is_private=False, keeps_words=False), NOTE_READ, ChangeOutcome.REFUSED, "is not known"),
    ],
)
async def test_a_note_is_read_back_where_the_settings_say_how(
    notes: Notes, calls: dict[str, Any], outcome: ChangeOutcome, words: str
):
    """One that customers could read is hidden where there is a call for it; one that is not seen is not called done."""
    desk = Desk(notes)
    (found,) = await desk.connection(**calls).update(["7"], WORDS, once="k")
    assert found.outcome is outcome
    assert words in found.detail
    assert [method for method, *_ in desk.sent].count("POST") == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"note_hide": {"path": "/n/{id}"}, "note_read": NOTE_READ["note_read"]}, "{note}"),
        ({"note_hide": NOTE_READ["note_hide"]}, "needs note_read"),
        ({"note_read": {"path": "/all", "text": "body", "public": "private"}}, "{id}"),
    ],
)
def test_a_read_back_that_cannot_work_is_refused(change: dict[str, Any], words: str):
    with pytest.raises(ValidationError, match=re.escape(words)):
        Desk().connection(**change)
