"""What a good engineer would guess wrong about Salesforce, and what goes wrong with it."""

from __future__ import annotations

import httpx
import pytest
from pydantic import SecretStr

from connectors.salesforce import Salesforce
from connectors.salesforce.rest.api import ROOT
from connectors.salesforce.rest.ids import case_id
from incidents.errors import Busy, NotAllowed, Refused, Unreachable
from incidents.models import (
    ChangeOutcome,
    Departure,
    PublicText,
    TicketChange,
    TicketStatus,
)
from tests.connectors.salesforce.conftest import STATUSES, SalesforceWorld, connect, keys
from tests.connectors.salesforce.transports import Rewritten
from tests.contracts.helpdesk import NOTE, ONCE, REPLY

SOLVED = TicketChange(status=TicketStatus.SOLVED)
MAIL = "ada@customer.example"


class TestWhoWeAre:
    async def test_check_says_it(self, world: SalesforceWorld, helpdesk: Salesforce) -> None:
        said = await helpdesk.check()
        assert said.startswith(
            "Liaison (liaison@acme.example) in Acme (organization 00D5e000000AbcdEAC) at https://"
        )
        assert "told by outbound messages" in said
        assert "of 100000 calls of 24 hours used" in said
        assert helpdesk.actor == world.org.bot
        assert "polled, not told" in await connect(world, signing_secrets=[]).check()

    @pytest.mark.parametrize(
        ("change", "kind", "words"),
        [
            ({"client_id": "another"}, NotAllowed, "check the client's id"),
            ({"user": "nobody@acme.example"}, NotAllowed, "check the client's id"),
            ({"audience": "https://test.salesforce.com"}, NotAllowed, "check the client's id"),
            ({"organization": "00D5e000000Zzzz"}, NotAllowed, "correct it"),
            ({"tag_field": "Labels__c"}, Refused, "correct tag_field"),
            ({"tier_field": "Account.Level__c"}, Refused, r"Level__c of Account.*correct tier_field"),
            ({"product_field": "Asset.Name"}, Refused, "correct product_field"),
            ({"statuses": {**STATUSES, "On Hold": "open"}}, Refused, "no value 'On Hold'; correct statuses"),
        ],
    )
    async def test_check_names_what_is_wrong(
        self, world: SalesforceWorld, change: dict[str, object], kind: type[Exception], words: str
    ) -> None:
        with pytest.raises(kind, match=words):
            await connect(world, **change).check()

    async def test_a_key_whose_certificate_the_app_has_not(self, world: SalesforceWorld) -> None:
        other = keys.__wrapped__()[0]
        with pytest.raises(NotAllowed, match="its secret or key"):
            await connect(world, private_key=SecretStr(other)).check()

    async def test_a_right_that_is_missing(self, world: SalesforceWorld, ticket: str) -> None:
        """Field-level security hides a field as if it were not there; another may be read and not written."""
        world.org.hidden_fields.add("Case.Tags__c")
        with pytest.raises(Refused, match="correct tag_field"):
            await connect(world).check()
        world.org.hidden_fields.clear()
        world.org.read_only.add("Case.Status")
        with pytest.raises(Refused, match="may not change the case's Status"):
            await connect(world).check()
        (outcome,) = await connect(world).update([ticket], SOLVED, once=ONCE)
        assert outcome.outcome is ChangeOutcome.REFUSED
        assert "INVALID_FIELD_FOR_INSERT_UPDATE for Status" in outcome.detail

    async def test_a_session_that_has_expired(
        self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str
    ) -> None:
        """Another is bought without a word, also in the middle of a message."""
        await helpdesk.read([ticket])
        world.fake.expire_tokens()
        (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
        assert outcome.outcome is ChangeOutcome.DONE
        assert world.private_notes(ticket) == [NOTE.private_note]

    async def test_an_approval_that_was_taken_back(
        self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str
    ) -> None:
        await helpdesk.read([ticket])
        world.fake.approved.clear()
        world.fake.expire_tokens()
        with pytest.raises(NotAllowed, match="access token"):
            await helpdesk.read([ticket])


class TestLimits:
    async def test_the_calls_of_a_day_are_used_up(self, world: SalesforceWorld, ticket: str) -> None:
        """It is 403, and no right is missing: an operator need do nothing. Half an hour is long, and kept."""
        desk = connect(world)
        await desk.read([ticket])
        world.fake.calls_a_day = world.fake.calls
        with pytest.raises(Busy, match="24 hours") as caught:
            await desk.update([ticket], NOTE, once=ONCE)
        assert caught.value.retry_after == 1_800
        world.fake.calls_a_day += 100
        assert not await desk.was_done(ticket, ONCE)

    async def test_too_many_at_once(self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str) -> None:
        world.fake.is_crowded = True
        with pytest.raises(Busy, match="at once") as caught:
            await helpdesk.read([ticket])
        assert caught.value.retry_after == 10

    async def test_a_row_that_somebody_else_holds(
        self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str
    ) -> None:
        """400, and nothing was done: it is tried again in place, also a message."""
        for change in (REPLY, SOLVED):
            world.org.busy_rows = 1
            (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
            assert outcome.outcome is ChangeOutcome.DONE
        assert world.public_replies(ticket) == [REPLY.public_reply]

    async def test_a_row_that_is_held_for_long(
        self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str, no_repeats: None
    ) -> None:
        world.org.busy_rows = 1_000
        with pytest.raises(Unreachable, match="UNABLE_TO_LOCK_ROW"):
            await helpdesk.update([ticket], NOTE, once=ONCE)
        assert world.private_notes(ticket) == []

    async def test_a_comment_is_counted_in_bytes(
        self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str
    ) -> None:
        """Refused before anything is changed."""
        for words, is_sent in (
            ("ä" * 1_950, True),
            ("ä" * 2_000, False),
            ("a" * 3_950, True),
            ("a" * 4_000, False),
        ):
            change = TicketChange(public_reply=PublicText(words), status=TicketStatus.SOLVED)
            (outcome,) = await helpdesk.update([ticket], change, once=words)
            assert (outcome.outcome is ChangeOutcome.DONE) == is_sent
            assert is_sent or "4,000 bytes" in outcome.detail
        assert len(world.public_replies(ticket)) == 2


class TestLists:
    async def test_more_than_a_page(self, world: SalesforceWorld, helpdesk: Salesforce) -> None:
        """By the address that each page gives, which says `query` also where deleted ones are among them."""
        made = [world.create_ticket(f"{n}", "x", name="Ada", email=MAIL) for n in range(450)]
        world.delete_ticket(made[410])
        found = [one async for one in helpdesk.changed_since(world.now())]
        assert [one.ref.id for one in found] == made
        assert [one.ref.id for one in found if one.gone is Departure.DELETED] == [made[410]]
        paths = [path for path in world.fake.requests if "01g" in path]
        assert len(paths) == 2
        assert all(path.startswith(f"GET {ROOT}/query/") for path in paths)

    async def test_a_list_that_ends_while_it_is_read(
        self, world: SalesforceWorld, helpdesk: Salesforce, no_repeats: None
    ) -> None:
        """Half a list would look like a whole one."""
        for number in range(250):
            world.create_ticket(f"{number}", "x", name="Ada", email=MAIL)
        world.fake.drops_cursors = True
        with pytest.raises(Unreachable, match="ended while it was read"):
            [one async for one in helpdesk.changed_since(world.now())]

    @pytest.mark.parametrize(
        "answer",
        [
            {"totalSize": 1, "done": False, "records": []},
            {"totalSize": 1, "records": []},
            {"totalSize": 1, "done": True, "records": [1]},
            {"totalSize": 1, "done": True},
            [],
        ],
    )
    async def test_an_answer_that_is_no_list(
        self, world: SalesforceWorld, answer: object, no_repeats: None
    ) -> None:
        desk = connect(world, Rewritten(world, "/query", httpx.Response(200, json=answer)))
        with pytest.raises(Unreachable):
            await desk.read(["5005e0000000001"])

    async def test_a_next_page_at_another_host(self, world: SalesforceWorld) -> None:
        """The token would go there."""
        answer = {
            "totalSize": 1,
            "done": False,
            "records": [],
            "nextRecordsUrl": "https://evil.example/query/1",
        }
        desk = connect(world, Rewritten(world, "/query", httpx.Response(200, json=answer)))
        with pytest.raises(Refused, match="another address"):
            await desk.read(["5005e0000000001"])

    async def test_no_cases_at_all(self, world: SalesforceWorld, helpdesk: Salesforce) -> None:
        assert [one async for one in helpdesk.changed_since(world.now())] == []

    async def test_a_comment_is_news_though_its_case_is_old(
        self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str
    ) -> None:
        (before,) = await helpdesk.read([ticket])
        for write in (
            lambda: world.customer_reply(ticket, "Any news?"),
            lambda: world.org.mail(ticket, "Any news?", incoming=True, sender=MAIL),
        ):
            world.let_time_pass(3600)
            write()
            (found,) = [one async for one in helpdesk.changed_since(world.now())]
            assert (found.ref.id, found.updated_at) == (ticket, world.now())
            assert found.version > before.version

    async def test_record_types(self, world: SalesforceWorld, ticket: str) -> None:
        """Others are not listed, and can be read."""
        other = world.create_ticket("Leave", "x", name="Bob", email="bob@customer.example")
        world.org.tables["Case"][other]["RecordTypeId"] = world.org.add("RecordType", {"DeveloperName": "HR"})
        world.let_time_pass(60)
        for one in (ticket, other):
            world.customer_reply(one, "Any news?")
        desk = connect(world, record_types=["Support"])
        assert [one.ref.id async for one in desk.changed_since(world.now())] == [ticket]
        assert [one.ref.id for one in await desk.read([other])] == [other]

    def test_ids(self, ticket: str) -> None:
        """15 characters differ by case, 18 do not; both are the same case, and what is written in capitals is none."""
        assert case_id(ticket) == case_id(ticket[:15]) == ticket
        assert case_id("5003000000D8cuI") == "5003000000D8cuIAAR"
        for wrong in (
            "5003000000D8cuIAAS",
            ticket.upper(),
            "0035e0000000001",
            "500",
            "' OR Id != '",
            None,
            5,
        ):
            assert case_id(wrong) is None

    async def test_the_short_form_of_an_id(
        self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str
    ) -> None:
        assert [one.ref.id for one in await helpdesk.read([ticket[:15], ticket])] == [ticket]
        (outcome,) = await helpdesk.update([ticket[:15]], NOTE, once=ONCE)
        assert (outcome.id, outcome.outcome) == (ticket[:15], ChangeOutcome.DONE)


async def test_a_refusal_quotes_no_words_of_theirs(world: SalesforceWorld, ticket: str) -> None:
    """Messages of validation rules and errors may hold what a customer wrote, or a secret."""
    said = [
        {"errorCode": "SOMETHING_NEW", "message": "bad value for card 4111", "fields": ["X y", "Card__c", 5]}
    ]
    desk = connect(world, Rewritten(world, "/sobjects/", httpx.Response(400, json=said)))
    (outcome,) = await desk.update([ticket], NOTE, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "SOMETHING_NEW for Card__c;" in outcome.detail
    assert "4111" not in outcome.detail
    assert keys()[0][40:80] not in outcome.detail
