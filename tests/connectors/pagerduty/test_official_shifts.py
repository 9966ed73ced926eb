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
