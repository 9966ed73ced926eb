"""Outbound messages: only who knows the secret gets in, none of another organization counts, and each is answered."""

from __future__ import annotations

from datetime import datetime
from xml.etree import ElementTree

import pytest

from connectors.salesforce import Salesforce
from connectors.salesforce.fake.outbound import SESSION
from connectors.salesforce.webhook import ACK, HEADER
from incidents.errors import Forged, NotAllowed, Unrecognised
from incidents.events import QUERY, Event, Ignored, Ping, TicketEvent
from tests.connectors.salesforce.conftest import SalesforceWorld, connect
from tests.contracts.webhook_source import FIRST, SECOND, STRANGERS, Headers, Sign, WebhookSourceContract

OTHER = "00D5e000000Zzzz"


class _Contract(WebhookSourceContract):
    signs_body = False

    @pytest.fixture
    def source(self, world: SalesforceWorld) -> Salesforce:
        return connect(world)

    @pytest.fixture
    def now(self, world: SalesforceWorld) -> datetime:
        return world.now()

    @pytest.fixture
    def a_body(self, world: SalesforceWorld, ticket: str) -> bytes:
        return world.fake.outbound.message()

    @pytest.fixture
    def signed(self) -> Sign:
        name = self.signature_headers[0]

        def made(body: bytes, *, secret: bytes = FIRST, at: datetime | None = None) -> Headers:
            return [("Content-Type", "text/xml; charset=utf-8"), (name, secret.decode())]

        return made


class TestASecretInTheAddress(_Contract):
    signature_headers = (QUERY,)


class TestASecretThatAProxyShows(_Contract):
    signature_headers = (HEADER,)


def heard(world: SalesforceWorld, body: bytes, **changes: object) -> list[Event]:
    desk = connect(world, **changes)
    return list(desk.events(desk.verify([(QUERY, FIRST.decode())], body, now=world.now())))


def cases(events: list[Event]) -> list[str]:
    return [one.ref.id for one in events if isinstance(one, TicketEvent)]


def test_what_a_message_tells(world: SalesforceWorld, ticket: str) -> None:
    """A case, a comment and a mail each name their case, whose comments are to be read."""
    outbound = world.fake.outbound
    first = heard(world, outbound.message())
    assert cases(first) == [ticket]
    assert all(isinstance(one, TicketEvent) and one.comments_to_read and not one.by_us for one in first)
    assert outbound.heard(200, ACK.body)
    world.customer_reply(ticket, "Any news?")
    assert cases(heard(world, outbound.message())) == [ticket]
    assert outbound.heard(200, ACK.body)
    world.org.mail(ticket, "Any news?", incoming=True, sender="ada@customer.example")
    assert cases(heard(world, outbound.message())) == [ticket]


def test_a_hundred_at_once(world: SalesforceWorld) -> None:
    """In any order, each case once; what is left comes with the next one."""
    made = [world.create_ticket(f"{n}", "x", name="Ada", email=f"c{n}@customer.example") for n in range(130)]
    outbound = world.fake.outbound
    for _ in range(3):
        world.org.change_case(made[0], {"Subject": "again"}, by=world.org.agent)
    found = cases(heard(world, outbound.message()))
    assert len(found) == len(set(found)) == 98
    assert outbound.heard(200, ACK.body)
    assert set(found) | set(cases(heard(world, outbound.message()))) == set(made)


def test_without_an_ack_the_same_comes_again(world: SalesforceWorld, ticket: str) -> None:
    """A bare 200 is no answer to Salesforce. The second one is known by its notification, whatever its data are."""
    outbound, desk = world.fake.outbound, connect(world)
    outbound.fields["Case"] = ["Id", "Subject"]
    shown = [(QUERY, FIRST.decode())]
    first = desk.verify(shown, outbound.message(), now=world.now())
    assert not outbound.heard(200, b"")
    assert not outbound.heard(503, ACK.body)
    world.org.tables["Case"][ticket]["Subject"] = "Changed meanwhile"
    body = outbound.message()
    again = desk.verify(shown, body, now=world.now())
    assert body != first.body
    assert again.identity == first.identity
    assert again.identity.startswith("notification:04l")
    assert again.acknowledgement is not None
    assert outbound.heard(200, again.acknowledgement.body)
    assert outbound.message() == b""


def test_messages_of_many_have_identities_of_their_own(world: SalesforceWorld) -> None:
    seen = set()
    outbound, desk = world.fake.outbound, connect(world)
    for number in range(5):
        for _ in range(2):
            world.create_ticket("x", "x", name="Ada", email=f"c{number}@customer.example")
        seen.add(desk.verify([(QUERY, FIRST.decode())], outbound.message(), now=world.now()).identity)
        outbound.heard(200, ACK.body)
    assert len(seen) == 5


@pytest.mark.parametrize("shown", ["plain", "CDATA", "prefixed", "cut off"])
def test_a_session_is_not_kept(world: SalesforceWorld, ticket: str, shown: str) -> None:
    """Else whoever reads the inbox could act as a user."""
    world.fake.outbound.sends_session = True
    body = world.fake.outbound.message().decode()
    assert SESSION in body
    if shown == "CDATA":
        body = body.replace(SESSION, f"<![CDATA[{SESSION}]]>")
    elif shown == "prefixed":
        body = body.replace("<SessionId>", "<n:SessionId>").replace("</SessionId>", "</n:SessionId>")
    elif shown == "cut off":
        body = body[: body.index(SESSION) + len(SESSION)]
    desk = connect(world)
    verified = desk.verify([(QUERY, FIRST.decode())], body.encode(), now=world.now())
    assert SESSION.encode() not in verified.body
    assert FIRST not in verified.body + repr(verified.headers).encode()
    if shown in ("plain", "CDATA"):
        assert cases(list(desk.events(verified))) == [ticket]


class TestWhoSends:
    def test_another_organizations_message_is_parked(self, world: SalesforceWorld, ticket: str) -> None:
        """A sandbox is a copy of ours, with our address and secret in its outbound message."""
        world.fake.outbound.organization = OTHER + "EAA"
        with pytest.raises(Unrecognised, match="another organization"):
            heard(world, world.fake.outbound.message())

    def test_two_organizations_in_a_message(self, world: SalesforceWorld, ticket: str) -> None:
        body = world.fake.outbound.message().decode()
        named = body[
            body.index("<OrganizationId>") : body.index("</OrganizationId>") + len("</OrganizationId>")
        ]
        for other in (named, named.replace("00D5e", "00D5f")):
            with pytest.raises(Unrecognised, match="another organization"):
                heard(world, body.replace(named, named + other).encode())

    def test_the_organization_alone_proves_nothing(self, world: SalesforceWorld, ticket: str) -> None:
        """Its id is in every address of its pages."""
        body = world.fake.outbound.message()
        for headers in ([], [(QUERY, STRANGERS.decode())], [(HEADER, "")], [("X-Other", FIRST.decode())]):
            with pytest.raises(Forged):
                connect(world).verify(headers, body, now=world.now())

    def test_a_header_counts_for_more_than_the_address(self, world: SalesforceWorld, ticket: str) -> None:
        """Else whoever knows an old address could come past the proxy that looks at certificates."""
        body = world.fake.outbound.message()
        with pytest.raises(Forged):
            connect(world).verify([(HEADER, "wrong"), (QUERY, FIRST.decode())], body, now=world.now())

    def test_both_secrets_during_a_rotation(self, world: SalesforceWorld, ticket: str) -> None:
        body = world.fake.outbound.message()
        for secret in (FIRST, SECOND):
            connect(world).verify([(QUERY, secret.decode())], body, now=world.now())

    def test_without_a_secret_nothing_is_taken(self, world: SalesforceWorld, ticket: str) -> None:
        desk = connect(world, signing_secrets=[])
        with pytest.raises(ValueError, match="no token is configured"):
            desk.verify([(QUERY, FIRST.decode())], world.fake.outbound.message(), now=world.now())
        with pytest.raises(NotAllowed, match="signing_secrets"):
            desk.trial_webhook(now=world.now())

    def test_a_test_call_of_our_own(self, world: SalesforceWorld) -> None:
        """`liaison try` goes through the gateway like any other, and nothing comes of it."""
        desk = connect(world)
        trial = desk.trial_webhook(now=world.now())
        verified = desk.verify(trial.headers, trial.body, now=world.now())
        assert desk.events(verified) == [Ping(connection="salesforce/support")]


class TestWhatIsNoMessage:
    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("<?xml", '<!DOCTYPE x [<!ENTITY a "b">]><?xml', "declares a type"),
            ("</soapenv:Envelope>", "", "not an XML document"),
            ("<sf:Id>", "<sf:Id>x", "without Id"),
            ("sf:Id>", "sf:CaseNumber>", "without Id"),
            ("sObject", "other", "without its object"),
            ("Notification>", "Notice>", "without a notification"),
        ],
    )
    def test_is_parked(self, world: SalesforceWorld, ticket: str, old: str, new: str, words: str) -> None:
        body = world.fake.outbound.message().decode()
        assert old in body
        with pytest.raises(Unrecognised, match=words):
            heard(world, body.replace(old, new).encode())

    def test_of_other_objects(self, world: SalesforceWorld, ticket: str) -> None:
        body = world.fake.outbound.message().replace(b"sf:Case", b"sf:Account")
        assert heard(world, body) == [Ignored(connection="salesforce/support", kind="of object Account")]

    def test_of_more_than_there_can_be(self, world: SalesforceWorld, ticket: str) -> None:
        body = world.fake.outbound.message().decode()
        start, end = body.index("   <Notification>"), body.index("  </notifications>")
        with pytest.raises(Unrecognised, match="more than 100"):
            heard(world, (body[:start] + body[start:end] * 101 + body[end:]).encode())


def test_the_answer_is_what_salesforce_reads() -> None:
    root = ElementTree.fromstring(ACK.body.decode())  # noqa: S314  our own words
    assert root.findtext(".//{http://soap.sforce.com/2005/09/outbound}Ack") == "true"
    assert ACK.content_type.startswith("text/xml")
