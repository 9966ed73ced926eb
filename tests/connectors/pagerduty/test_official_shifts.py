"""PagerDuty's own client at the fake: overrides put somebody else on call, tags find people and teams."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pagerduty
import pytest

from connectors.kit.fakes.certificates import LoopbackCertificate
from tests.connectors.pagerduty.official_account import Account, opened_account


@pytest.fixture
def account(certificate: LoopbackCertificate) -> Iterator[Account]:
    with opened_account(certificate) as account:
        yield account


def test_an_override_is_paged(account: Account) -> None:
    """From its start to its end; taken away, the schedule's own person is on call again."""
    schedule = account.rest.rget("schedules")[0]["id"]
    now = datetime.now(UTC)
    override = {
        "start": (now - timedelta(minutes=1)).isoformat(),
        "end": (now + timedelta(hours=1)).isoformat(),
        "user": {"id": "POMARHADDAD", "type": "user_reference"},
    }
    (made,) = account.rest.rpost(f"schedules/{schedule}/overrides", json=[override])
    account.events.trigger("x", "checkout", dedup_key="k2")
    assert (made["status"], account.fake.pages[-1].person) == (201, "Omar Haddad")
    span = {"since": now.isoformat(), "until": (now + timedelta(days=1)).isoformat()}
    assert len(account.rest.rget(f"schedules/{schedule}/overrides", params=span)) == 1
    account.rest.rdelete(f"schedules/{schedule}/overrides/{made['override']['id']}")
    account.events.trigger("x", "checkout", dedup_key="k3")
    assert account.fake.pages[-1].person == "Jane Doe"


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-03-02T15:00:00Z", "2026-03-02T14:00:00Z", "after its start"),
        ("2026-03-02T15:00:00", "2026-03-02T16:00:00", "names no time zone"),
        ("now", "later", "not a valid time"),
    ],
)
def test_an_override_that_is_none(account: Account, start: str, end: str, said: str) -> None:
    """Refused in PagerDuty's form, and nobody else is on call."""
    schedule = account.rest.rget("schedules")[0]["id"]
    override = {"start": start, "end": end, "user": {"id": "POMARHADDAD", "type": "user_reference"}}
    with pytest.raises(pagerduty.HttpError) as refused:
        account.rest.rpost(f"schedules/{schedule}/overrides", json=[override])
    assert said in refused.value.response.json()["error"]["errors"][0]


def test_tags(account: Account) -> None:
    """Made by being given, and asked both ways."""
    team = account.rest.rget("teams")[0]["id"]
    account.rest.post(f"teams/{team}/change_tags", json={"add": [{"type": "tag", "label": "payments"}]})
    (tag,) = account.rest.rget(f"teams/{team}/tags")
    assert (tag["label"], [one["id"] for one in account.rest.rget(f"tags/{tag['id']}/teams")]) == (
        "payments",
        [team],
    )
    account.rest.post(
        f"teams/{team}/change_tags", json={"remove": [{"type": "tag_reference", "id": tag["id"]}]}
    )
    assert account.rest.list_all(f"teams/{team}/tags") == []


def test_what_was(account: Account) -> None:
    """Notifications, changes of a service, and raw analytics over pages."""
    account.events.send_change_event(payload={"summary": "deployed 1.2", "source": "ci"})
    account.events.acknowledge("k1")
    account.many(3)
    assert len(account.rest.list_all("notifications")) == 4
    service = account.service["id"]
    assert [one["summary"] for one in account.rest.list_all(f"services/{service}/change_events")] == [
        "deployed 1.2"
    ]
    assert [one["name"] for one in account.rest.rget("incidents/types")] == ["incident_default"]
    rows = list(account.rest.iter_analytics_raw_incidents({"service_ids": [service]}, order="asc", limit=2))
    assert [row["id"] for row in rows] == ["PINC1", "PINC2", "PINC3", "PINC4"]
    assert rows[0]["seconds_to_first_ack"] is not None
    assert rows[0]["seconds_to_resolve"] is None


def test_an_incident_moves_to_another_service(account: Account) -> None:
    """What an update says is so when it is read back; so is its conference."""
    policy = {"id": account.service["escalation_policy"]["id"], "type": "escalation_policy_reference"}
    other = account.rest.rpost("services", json={"name": "Search", "escalation_policy": policy})
    change = {
        "type": "incident_reference",
        "service": {"id": other["id"], "type": "service_reference"},
        "conference_bridge": {"conference_url": "https://meet.example/7"},
    }
    account.rest.rput("incidents/PINC1", json=change)
    read = account.rest.rget("incidents/PINC1")
    assert (read["service"]["summary"], read["conference_bridge"]["conference_url"]) == (
        "Search",
        "https://meet.example/7",
    )
