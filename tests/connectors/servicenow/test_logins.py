"""What `check` says, the ways to log in, and settings that cannot work."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from connectors.servicenow import ServiceNowHelpdesk
from connectors.servicenow.fake.app import CLIENT, CLIENT_SECRET, REFRESH
from connectors.servicenow.fake.instance import (
    AGENT,
    RULES,
)
from incidents.errors import NotAllowed, Refused
from incidents.models import (
    ChangeOutcome,
)
from tests.connectors.servicenow.conftest import ServiceNowWorld, connect, settings
from tests.connectors.servicenow.transports import Noted
from tests.contracts.helpdesk import NOTE, ONCE


async def test_check_says_what_there_is(world: ServiceNowWorld, ticket: str) -> None:
    said = await connect(world).check()
    assert said.startswith("Liaison at https://acme.service-now.com, 1 records of")
    assert "no business rule 'Liaison webhook'" in said
    rule = world.instance.insert(
        RULES, {"name": "Liaison webhook", "collection": world.table, "active": "false"}, by="admin"
    )
    assert "not active" in await connect(world).check()
    rule["active"] = "true"
    assert "hears its business rule" in await connect(world).check()
    assert "no signing secret" in await connect(world, signing_secrets=[]).check()
    world.fake.hidden_tables.add(RULES)
    assert "may not look" in await connect(world).check()
    world.fake.closed_tables.add(RULES)
    assert "may not look" in await connect(world).check()


async def test_check_names_what_is_wrong(world: ServiceNowWorld, ticket: str) -> None:
    for change, kind, match in (
        ({"password": SecretStr("wrong")}, NotAllowed, "401"),
        ({"user": "somebody.else", "password": SecretStr("wrong")}, NotAllowed, "401"),
        ({"table": "no_such_table"}, Refused, "400"),
        ({"tier_field": "u_nothing"}, Refused, "correct tier_field"),
        ({"product_field": "product.nothing"}, Refused, "correct product_field"),
    ):
        with pytest.raises(kind, match=match):
            await connect(world, **change).check()


def client(world: ServiceNowWorld, noted: Noted | None = None, **changes: object) -> ServiceNowHelpdesk:
    values = {"password": None, "client_id": CLIENT, "client_secret": SecretStr(CLIENT_SECRET)}
    return connect(world, noted, **(values | changes))


@pytest.mark.parametrize("grant", [{}, {"refresh_token": SecretStr(REFRESH)}])
async def test_a_client_of_oauth(world: ServiceNowWorld, ticket: str, grant: dict[str, object]) -> None:
    """By its own credentials or by a refresh token; an access token that has ended is replaced without a word."""
    noted = Noted(world)
    desk = client(world, noted, **grant)
    assert "Liaison" in await desk.check()
    world.fake.expire_tokens()
    (outcome,) = await desk.update([ticket], NOTE, once=ONCE)
    assert outcome.outcome is ChangeOutcome.DONE
    assert [one.url.path for one in noted.sent].count("/oauth_token.do") == 2
    assert world.private_notes(ticket) == [NOTE.private_note]


@pytest.mark.parametrize(
    "change", [{"client_secret": SecretStr("wrong")}, {"refresh_token": SecretStr("ended")}]
)
async def test_a_client_that_gets_no_token(
    world: ServiceNowWorld, ticket: str, change: dict[str, object]
) -> None:
    with pytest.raises(NotAllowed):
        await client(world, **change).read([ticket])


async def test_a_client_that_acts_as_somebody_else(world: ServiceNowWorld) -> None:
    """What it writes would not be known as ours."""
    world.fake.user_of_client = AGENT
    with pytest.raises(NotAllowed, match=r"those of 'grace.agent', and user says 'liaison'"):
        await client(world).check()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"base_url": "http://acme.service-now.com"}, "must be https"),
        ({"password": None}, "either the password"),
        ({"client_id": "x", "client_secret": "y"}, "either the password"),
        ({"password": None, "client_id": "x"}, "client_secret is missing"),
        ({"table": "incident/../x"}, "table"),
        ({"groups": ["a^b"]}, "no caret"),
        ({"groups": ["a,b"]}, "no comma"),
        ({"user": "javascript:x"}, "no caret"),
        ({"statuses": {"Resolved": "solved"}}, "by their number"),
        ({"tag_field": "Tags"}, "tag_field"),
        ({"signing_secrets": ["short"]}, "16 bytes"),
    ],
)
def test_a_setting_that_cannot_work_is_named(change: dict[str, object], words: str) -> None:
    """Before the first call, and without quoting a secret."""
    with pytest.raises(ValueError, match=words) as caught:
        settings(**change)
    assert "fake-servicenow-password" not in str(caught.value)
