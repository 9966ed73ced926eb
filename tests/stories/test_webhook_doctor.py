"""`liaison check --webhooks`: what vendors send is looked at, and mended when a person says so."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from blocks.connect import read_block
from connectors.kit.fakes.faults import FaultKind
from deployments.cli.webhooks import check_webhooks
from deployments.commands.webhooks import WebhookDoctor, WebhookHealth, keep_secret, opened_doctor
from deployments.demo.world import save_connections
from incidents.errors import Refused
from incidents.store.inbox.inbox import record_rejection
from incidents.subscription_check import Repair, SubscriptionFault
from tests.connectors.zendesk.test_subscriptions import BODY
from tests.stories.installation import Installation

HEARD = "zen:event-type:user.created"
NAMES = ["http/checkout", "http/search", "pagerduty/demo", "slack/demo", "zendesk/demo"]


@pytest.fixture
async def doctor(liaison: Installation) -> AsyncIterator[WebhookDoctor]:
    """Of an installation that an administrator of the vendors runs; no webhook is there yet."""
    world = liaison.world
    world.zendesk.make_admin()
    world.zendesk.webhooks.url, world.pagerduty.subscription.url = "", None
    async with opened_doctor(None, public_url="https://liaison.example.com", say=print) as opened:
        yield opened
    await save_connections(world)


def zendesks_webhook(liaison: Installation, address: str, **fields: Any) -> str:
    values = {
        "name": "By hand",
        "endpoint": address,
        "http_method": "POST",
        "request_format": "json",
        "status": "active",
        "subscriptions": [HEARD],
    }
    return liaison.world.zendesk.api.webhooks.add(values | fields)


async def of(doctor: WebhookDoctor, name: str) -> WebhookHealth:
    return next(one for one in await doctor.look() if one.connection == name)


async def secrets_of(name: str) -> list[SecretStr]:
    block: Any = await read_block(name)
    return list(block.signing_secrets)


async def test_what_can_be_asked_and_what_cannot(liaison: Installation, doctor: WebhookDoctor):
    """Of who has no list it says when it was last heard, and that more cannot be known."""
    await liaison.intake()
    found = {one.connection: one for one in await doctor.look()}
    assert set(NAMES) <= set(found)  # other stories may have left connections of theirs
    assert [name for name in NAMES if found[name].is_asked] == ["pagerduty/demo", "zendesk/demo"]
    for name in ("pagerduty/demo", "zendesk/demo"):
        assert [one.fault for one in found[name].findings] == [SubscriptionFault.MISSING]
    slack = found["slack/demo"]
    assert slack.is_well
    assert slack.hearing.heard_at is None
    assert "slack cannot be asked which webhooks it sends" in slack.notes[0]
    assert "https://liaison.example.com/hooks/slack/demo" in slack.notes[0]
    await liaison.world.slack.check_certificate()
    assert (await of(doctor, "slack/demo")).hearing.heard_at is not None


async def test_slacks_rights(liaison: Installation, doctor: WebhookDoctor):
    liaison.world.slack.scopes = "chat:write,commands"
    slack = await of(doctor, "slack/demo")
    assert not slack.is_well
    assert slack.notes[0].startswith("the app lacks app_mentions:read, channels:read")
    liaison.world.slack.scopes = ""
    assert (await of(doctor, "slack/demo")).is_well, "what Slack does not say is not held against it"


async def test_what_is_missing_is_made_and_its_secret_kept(liaison: Installation, doctor: WebhookDoctor):
    """The vendor chooses the secret: the connection has it before the webhook sends anything."""
    for name in ("zendesk/demo", "pagerduty/demo"):
        before = await secrets_of(name)
        after = await doctor.repair(await of(doctor, name))
        assert (after.is_well, after.findings) == (True, ())
        assert (await secrets_of(name))[: len(before)] == before
        assert len(await secrets_of(name)) == len(before) + 1
    async with opened_doctor(None, public_url=doctor.public_url, say=print) as knowing:
        found = [one for one in await knowing.look() if one.is_asked]
    assert [(one.connection, one.is_well, one.findings) for one in found] == [
        ("pagerduty/demo", True, ()),
        ("zendesk/demo", True, ()),
    ]
    (record,) = liaison.world.zendesk.api.webhooks.records.values()
    assert record["endpoint"] == "https://liaison.example.com/hooks/zendesk/demo"
    assert doctor.instance in record["name"]


async def test_doubles_go_and_somebody_elses_stays(liaison: Installation, doctor: WebhookDoctor):
    """Five of the same, of which one is off and one by http; a warehouse's; and another installation's."""
    ours = "https://liaison.example.com/hooks/zendesk/demo"
    for _ in range(3):
        zendesks_webhook(liaison, ours)
    zendesks_webhook(liaison, ours, status="inactive")
    zendesks_webhook(liaison, ours.replace("https", "http"))
    others = {
        zendesks_webhook(liaison, "https://warehouse.example/in"),
        zendesks_webhook(liaison, "https://staging.example.com/hooks/zendesk/demo"),
    }
    one = await of(doctor, "zendesk/demo")
    assert [finding.repair for finding in one.findings].count(Repair.REMOVE) == 4
    await doctor.repair(one)
    left = set(liaison.world.zendesk.api.webhooks.records)
    assert others < left
    assert len(left) == 3
    (kept,) = left - others
    record = liaison.world.zendesk.api.webhooks.records[kept]
    assert (record["endpoint"], record["status"]) == (ours, "active")
    assert HEARD in record["subscriptions"], "what else it told, it tells"
    assert "zen:event-type:ticket.created" in record["subscriptions"]


async def test_pagerdutys_address_cannot_be_changed(liaison: Installation, doctor: WebhookDoctor):
    """Another one is made, limited as the old one was, which goes last."""
    service = liaison.world.pagerduty.directory.service_of("")["id"]
    old = liaison.world.pagerduty.subscribe(
        {
            "delivery_method": {
                "url": "http://liaison.example.com/hooks/pagerduty/demo",
                "temporarily_disabled": False,
            },
            "events": ["incident.acknowledged"],
            "filter": {"type": "service_reference", "id": service},
        }
    )
    after = await doctor.repair(await of(doctor, "pagerduty/demo"))
    assert after.is_well
    ((own_id, record),) = liaison.world.pagerduty.directory.records["webhook_subscriptions"].items()
    assert own_id != old
    assert record["filter"]["id"] == service
    assert record["active"]
    assert "unfinished" not in record["description"]


async def test_what_was_cut_off_is_cleared_away(liaison: Installation, doctor: WebhookDoctor):
    """The answer with the secret was lost: that one is never used, and the next repair makes a good one."""
    one = await of(doctor, "pagerduty/demo")
    liaison.world.pagerduty.faults.arm(FaultKind.DROP_REPLY, where="/webhook_subscriptions")
    left = await doctor.repair(one)
    assert [finding.fault for finding in left.findings] == [
        SubscriptionFault.UNFINISHED,
        SubscriptionFault.MISSING,
    ]
    assert (await doctor.repair(left)).is_well
    (record,) = liaison.world.pagerduty.directory.records["webhook_subscriptions"].values()
    assert record["active"]


async def test_a_webhook_for_triggers_without_one(liaison: Installation, doctor: WebhookDoctor):
    """Only a person can add the trigger, and is told how."""
    ours = "https://liaison.example.com/hooks/zendesk/demo"
    own_id = zendesks_webhook(liaison, ours, subscriptions=["conditional_ticket_events"])
    await keep_secret("zendesk/demo", SecretStr(liaison.world.zendesk.api.webhooks.secret_of(own_id)))
    async with opened_doctor(None, public_url=doctor.public_url, say=print) as knowing:
        one = await of(knowing, "zendesk/demo")
        assert [(finding.fault, finding.repair) for finding in one.findings] == [
            (SubscriptionFault.INCOMPLETE, None)
        ]
        assert "add or switch on a trigger" in one.findings[0].text
        actions = [{"field": "notification_webhook", "value": [own_id, BODY]}]
        liaison.world.zendesk.api.setup.add("triggers", {"title": "Tell", "actions": actions})
        assert (await of(knowing, "zendesk/demo")).is_well


async def test_credentials_that_do_not_reach(liaison: Installation, doctor: WebhookDoctor):
    """The others are looked at all the same, and what was heard is told."""
    liaison.world.zendesk.api.me.role = "agent"
    found = {one.connection: one for one in await doctor.look()}
    assert set(NAMES) <= set(found)  # other stories may have left connections of theirs
    zendesk = found["zendesk/demo"]
    assert (zendesk.is_well, zendesk.is_asked) == (False, False)
    assert "connectors/zendesk/README.md says what right it takes" in zendesk.notes[0]


async def test_wrong_signatures_are_held_against_what_was_heard_since(
    liaison: Installation, doctor: WebhookDoctor
):
    async def refused(name: str) -> None:
        await record_rejection(liaison.database, connection=name, reason="signature", sha256="0", size=1)

    await refused("slack/demo")
    slack = await of(doctor, "slack/demo")
    assert not slack.is_well
    assert "signed with another secret" in slack.notes[-1]
    await liaison.let_pass(timedelta(minutes=1))
    await liaison.world.slack.check_certificate()
    assert (await of(doctor, "slack/demo")).is_well

    await doctor.repair(await of(doctor, "pagerduty/demo"))
    await refused("pagerduty/demo")
    pagerduty = await of(doctor, "pagerduty/demo")
    assert [(one.fault, one.repair) for one in pagerduty.findings] == [(SubscriptionFault.OTHER_SECRET, None)]


async def test_without_a_public_address_no_list_is_judged(doctor: WebhookDoctor):
    blind = replace(doctor, public_url=None)
    zendesk = await of(blind, "zendesk/demo")
    assert (zendesk.is_well, zendesk.is_asked) == (False, False)
    assert "LIAISON_PUBLIC_URL" in zendesk.notes[0]
    with pytest.raises(Refused):
        await doctor.repair(await doctor.look_at("slack/demo"))


def says(text: str, *, sure: bool, as_json: bool = False) -> tuple[int, str]:
    """The command, answered with `text`; its exit code and what it printed."""
    with CliRunner().isolation(input=text) as streams:
        code = check_webhooks(
            None, public_url="https://liaison.example.com", repairs=True, is_sure=sure, as_json=as_json
        )
        sys.stdout.flush()
        return code, streams[0].getvalue().decode()


async def test_the_command_shows_first_and_asks(liaison: Installation, doctor: WebhookDoctor):
    """No is no; yes, or --yes, mends; a second time there is nothing left to do."""
    records = liaison.world.zendesk.api.webhooks.records
    code, printed = await asyncio.to_thread(says, "n\n", sure=False)
    assert code == 1
    assert (
        "zendesk/demo: nothing is sent to https://liaison.example.com/hooks/zendesk/demo: make one" in printed
    )
    assert "Do it?" in printed
    assert not records
    code, printed = await asyncio.to_thread(says, "y\n", sure=False)
    assert len(records) == 1
    code, printed = await asyncio.to_thread(says, "", sure=True, as_json=True)
    assert code == 0
    shown = json.loads(printed)
    assert set(NAMES) <= {one["connection"] for one in shown}
    assert all(one["is_well"] for one in shown)
    assert len(records) == 1
