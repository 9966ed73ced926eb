"""PagerDuty's own Python client talks to the fake: the calls that a support or incident tool makes, one a row."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pagerduty
import pytest

from connectors.kit.fakes.certificates import LoopbackCertificate
from connectors.pagerduty.fake.app import API_TOKEN, FROM_EMAIL, ROUTING_KEY, FakePagerDuty
from tests.connectors.pagerduty.official_account import Account, opened_account
from tests.connectors.served import served


@pytest.fixture
def account(certificate: LoopbackCertificate) -> Iterator[Account]:
    with opened_account(certificate) as account:
        yield account


ONE = "incidents/PINC1"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def _user(name: str) -> dict[str, Any]:
    return {"assignee": {"id": name, "type": "user_reference"}}


def _reference(record: Any) -> dict[str, str]:
    return {"id": record["id"], "type": f"{record['type']}_reference"}


def _put(a: Account, **fields: Any) -> Any:
    return a.rest.rput(ONE, json={"type": "incident_reference"} | fields)


def _window(a: Account) -> bool:
    now = datetime.now(UTC)
    a.rest.rpost(
        "maintenance_windows",
        json={
            "type": "maintenance_window",
            "start_time": now.isoformat(),
            "end_time": (now + timedelta(hours=1)).isoformat(),
            "services": [_reference(a.service)],
        },
    )
    a.events.trigger("unheard", "checkout", dedup_key="unheard")
    return a.service["status"] == "maintenance" and len(a.fake.incidents) == 1


def _new_service(a: Account) -> bool:
    """A service made over the API, with an integration whose key pages at once."""
    policy = a.rest.rget("escalation_policies")[0]
    service = a.rest.rpost("services", json={"name": "Search", "escalation_policy": _reference(policy)})
    integration = a.rest.rpost(
        f"services/{service['id']}/integrations",
        json={"type": "events_api_v2_inbound_integration", "name": "Search alerts"},
    )
    events = pagerduty.EventsApiV2Client(integration["integration_key"], base_url=a.address, verify=a.trust)
    events.trigger("Search is down", "search", dedup_key="s1")
    events.parent.close()
    return a.fake.incidents[-1].title == "Search is down" and a.rest.rget(service)["status"] == "critical"


def _subscribe(a: Account) -> bool:
    made = a.rest.rpost(
        "webhook_subscriptions",
        json={
            "type": "webhook_subscription",
            "delivery_method": {"type": "http_delivery_method", "url": "https://liaison.example.com/hook"},
            "events": ["incident.acknowledged"],
            "filter": {"type": "account_reference"},
        },
    )
    a.rest.rpost(f"webhook_subscriptions/{made['id']}/ping")
    _put(a, status="acknowledged")
    told = a.received.get(timeout=30) + a.received.get(timeout=30)
    return (
        b"pagey.ping" in told and b"incident.acknowledged" in told and bool(made["delivery_method"]["secret"])
    )


def _team(a: Account) -> bool:
    team = a.rest.rpost("teams", json={"name": "Support"})
    a.rest.put(f"teams/{team['id']}/users/PJANEDOE", json={"role": "manager"})
    (member,) = a.rest.list_all(f"teams/{team['id']}/members")
    return bool(member["user"]["id"] == "PJANEDOE" and member["role"] == "manager")


def _fields(a: Account) -> bool:
    field = {"name": "ticket", "display_name": "Ticket", "data_type": "string", "field_type": "single_value"}
    # Not `rpost`: the client waits for `fields` here, where PagerDuty's page of the call shows `field`.
    made = a.rest.jpost("incidents/custom_fields", json={"field": field})["field"]
    a.rest.rput(f"{ONE}/custom_fields/values", json=[{"id": made["id"], "value": "ZD-7"}])
    return bool(a.rest.rget(f"{ONE}/custom_fields/values")[0]["value"] == "ZD-7")


def _pages(a: Account) -> bool:
    a.many(120)
    rows = a.rest.list_all("incidents", page_size=7)
    return len(rows) == len({row["id"] for row in rows}) == 121


def _bulk(a: Account) -> bool:
    a.many(3)
    rows = a.rest.rget("incidents")
    a.rest.rput(
        "incidents",
        json=[{"id": row["id"], "type": "incident_reference", "status": "resolved"} for row in rows],
    )
    return a.rest.rget("incidents", params={"statuses": ["triggered", "acknowledged"]}) == []


def _merge(a: Account) -> bool:
    other = a.incident()
    a.events.trigger("more", "checkout", dedup_key="k2")
    into = a.rest.rput(f"{ONE}/merge", json=[{"id": "PINC3", "type": "incident_reference"}])
    a.rest.rput(f"incidents/{other['id']}", json={"type": "incident_reference", "status": "resolved"})
    return into["alert_counts"]["all"] == 2 and a.rest.rget("incidents/PINC3")["status"] == "resolved"


def _responders(a: Account) -> bool:
    asked = a.rest.rpost(
        f"{ONE}/responder_requests",
        json={
            "requester_id": "PJANEDOE",
            "message": "please help",
            "responder_request_targets": [
                {"responder_request_target": {"id": "POMARHADDAD", "type": "user_reference"}}
            ],
        },
    )
    (target,) = asked["responder_request_targets"]
    waiting = target["responder_request_target"]["incident_responders"]
    return waiting[0]["user"]["id"] == "POMARHADDAD" and a.fake.pages[-1].person == "Omar Haddad"


def _alert(a: Account) -> bool:
    (alert,) = a.rest.list_all(f"{ONE}/alerts")
    a.rest.rput(f"{ONE}/alerts/{alert['id']}", json={"type": "alert", "status": "resolved"})
    return a.rest.rget(ONE)["status"] == "resolved" and alert["body"]["details"] == {"region": "eu"}


def _notes(a: Account) -> bool:
    a.rest.rpost(f"{ONE}/notes", json={"content": "looking"})
    (note,) = a.rest.rget(f"{ONE}/notes")
    (logged,) = a.rest.iter_incident_notes("PINC1")
    return note["content"] == logged["channel"]["summary"] == "looking"


def _history(a: Account) -> bool:
    now = datetime.now(UTC)
    rows = a.rest.iter_history("incidents", now - timedelta(days=1), now + timedelta(minutes=1))
    return [row["id"] for row in rows] == ["PINC1"]


def _persisted(a: Account) -> bool:
    tag = a.rest.persist("teams", "name", {"name": "Engineering", "description": "all"}, update=True)
    return tag["description"] == "all" and len(a.rest.rget("teams")) == 1


def _escalated(a: Account) -> bool:
    _put(a, escalation_level=2)
    return a.fake.incidents[0].assignees == ["Omar Haddad"]


def _dedup(a: Account) -> bool:
    a.events.trigger("again", "checkout", dedup_key="k1")
    return len(a.fake.incidents) == 1


def _acknowledged(a: Account) -> bool:
    return a.events.acknowledge("k1") == "k1" and a.rest.rget(ONE)["status"] == "acknowledged"


def _resolved(a: Account) -> bool:
    return a.events.resolve("k1") == "k1" and a.rest.rget(ONE)["status"] == "resolved"


def _changed(a: Account) -> bool:
    change = {"summary": "deployed 1.2", "source": "ci", "timestamp": "2026-03-02T14:00:00Z"}
    a.events.send_change_event(payload=change)
    return bool(a.rest.rget("change_events")[0]["summary"] == "deployed 1.2")


def _linked(a: Account) -> bool:
    a.events.trigger("x", "y", dedup_key="k9", links=[{"href": "https://desk.example/7", "text": "ZD-7"}])
    alert = a.rest.rget("incidents/PINC2/alerts")[0]
    return bool(alert["body"]["contexts"][0]["href"] == "https://desk.example/7")


def _filtered(a: Account) -> bool:
    low = a.incident(urgency="low")
    rows = a.rest.list_all("incidents", params={"urgencies": ["low"], "service_ids": [a.service["id"]]})
    return [row["id"] for row in rows] == [low["id"]]


def _snoozed(a: Account) -> bool:
    shown = a.rest.rpost(f"{ONE}/snooze", json={"duration": 3600})
    return shown["status"] == "acknowledged" and shown["pending_actions"][0]["type"] == "unacknowledge"


def _prioritised(a: Account) -> bool:
    priority = a.rest.rget("priorities")[0]
    _put(a, priority={"id": priority["id"], "type": "priority_reference"})
    return bool(a.rest.rget(ONE)["priority"]["name"] == "P1")


def _status_update(a: Account) -> bool:
    said = a.rest.rpost(f"{ONE}/status_updates", json={"message": "we know"})
    return bool(said["message"] == "we know" and said["sender"]["summary"] == "Liaison Bot")


def _subscriber(a: Account) -> bool:
    who = [{"subscriber_id": "PJANEDOE", "subscriber_type": "user"}]
    (made,) = a.rest.rpost(f"{ONE}/status_updates/subscribers", json=who)
    return made["result"] == "success" and len(a.rest.rget(f"{ONE}/status_updates/subscribers")) == 1


def _new_policy(a: Account) -> bool:
    rule = {"escalation_delay_in_minutes": 10, "targets": [{"id": "POMARHADDAD", "type": "user_reference"}]}
    policy = a.rest.rpost("escalation_policies", json={"name": "Night", "escalation_rules": [rule]})
    _put(a, escalation_policy=_reference(policy))
    return a.fake.pages[-1].person == "Omar Haddad"


def _new_user(a: Account) -> bool:
    made = a.rest.rpost("users", json={"name": "Eve", "email": "eve@example.com", "role": "user"})
    a.rest.rput(made, json={"name": "Eve Ng", "email": "eve@example.com"})
    found = a.rest.find("users", "eve@example.com", attribute="email")
    assert found is not None
    a.rest.rdelete(found)
    return found["name"] == "Eve Ng" and a.rest.find("users", "eve@example.com", attribute="email") is None


def _on_call(a: Account) -> bool:
    rows = a.rest.list_all("oncalls", params={"include": ["users"]})
    return [(row["escalation_level"], row["user"]["email"]) for row in rows] == [
        (1, "jane@example.com"),
        (2, "omar@example.com"),
    ]


CALLS: list[tuple[str, Callable[[Account], object]]] = [
    # Events API
    ("trigger", lambda a: a.events.trigger("s", "checkout") and len(a.fake.incidents) == 2),
    ("trigger again with the key", _dedup),
    ("trigger with links", _linked),
    ("acknowledge", _acknowledged),
    ("resolve", _resolved),
    ("change event", _changed),
    # Incidents
    ("list_all incidents over many pages", _pages),
    (
        "rget incidents by status",
        lambda a: len(a.rest.rget("incidents", params={"statuses": ["triggered"]})) == 1,
    ),
    ("incidents by urgency and service", _filtered),
    ("incidents by key", lambda a: len(a.rest.rget("incidents", params={"incident_key": "k1"})) == 1),
    ("get_total", lambda a: a.rest.get_total("incidents") == 1),
    ("iter_history", _history),
    ("dict_all", lambda a: list(a.rest.dict_all("incidents")) == ["PINC1"]),
    ("get an incident", lambda a: a.rest.rget(ONE)["title"] == "Checkout is slow"),
    ("open an incident", lambda a: a.incident(incident_key="own")["incident_key"] == "own"),
    ("acknowledge an incident", lambda a: _put(a, status="acknowledged")["status"] == "acknowledged"),
    ("resolve an incident", lambda a: _put(a, status="resolved", resolution="fixed")["status"] == "resolved"),
    (
        "reassign",
        lambda a: _put(a, assignments=[_user("POMARHADDAD")]) and a.fake.pages[-1].person == "Omar Haddad",
    ),
    ("escalate", _escalated),
    ("give to another policy", _new_policy),
    (
        "title and urgency",
        lambda a: _put(a, title="New", urgency="low") and a.rest.rget(ONE)["urgency"] == "low",
    ),
    ("priority", _prioritised),
    ("change many", _bulk),
    ("merge", _merge),
    ("snooze", _snoozed),
    ("notes", _notes),
    ("alerts", _alert),
    (
        "log entries",
        lambda a: len(a.rest.list_all(f"{ONE}/log_entries", params={"is_overview": "true"})) == 1,
    ),
    ("log of the account", lambda a: len(list(a.rest.iter_all("log_entries", page_size=1))) == 2),
    ("ask for responders", _responders),
    ("status update", _status_update),
    ("subscribers", _subscriber),
    ("custom fields", _fields),
    ("past incidents", lambda a: a.rest.rget(f"{ONE}/past_incidents") == []),
    # What is set up
    (
        "who am I",
        lambda a: a.rest.rget("users/me")["email"] == FROM_EMAIL and a.rest.api_key_access == "user",
    ),
    ("find and change a user", _new_user),
    ("subdomain", lambda a: a.rest.subdomain == "acme"),
    ("make a service and page through it", _new_service),
    ("maintenance window", _window),
    ("who is on call", _on_call),
    ("schedules", lambda a: len(a.rest.rget(f"schedules/{a.rest.rget('schedules')[0]['id']}/users")) == 2),
    ("teams", _team),
    ("persist", _persisted),
    ("webhook subscription", _subscribe),
    ("abilities", lambda a: a.rest.account_has_ability("teams")),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_call(account: Account, name: str, call: Callable[[Account], object]) -> None:
    """It is answered, does what it says, and is there when read back."""
    assert call(account)


def _refused(call: Callable[[], object]) -> tuple[int, dict[str, Any]]:
    with pytest.raises(pagerduty.HttpError) as error:
        call()
    return error.value.response.status_code, error.value.response.json()["error"]


@pytest.mark.parametrize(
    ("call", "status", "code", "said"),
    [
        (lambda a: a.rest.rget("incidents/PNONE"), 404, 2100, ""),
        (lambda a: a.rest.rget("status_dashboards"), 404, 2100, ""),
        (
            lambda a: _put(a, service={"id": "PNONE", "type": "service_reference"}),
            400,
            2001,
            "Service Not Found",
        ),
        (lambda a: a.rest.rpost("priorities", json={"name": "P0"}), 404, 2100, ""),
        (
            lambda a: a.rest.rpost("incidents", json={"title": "no service"}),
            400,
            2001,
            "Service cannot be empty",
        ),
        (
            lambda a: [a.incident(incident_key="x"), a.incident(incident_key="x")],
            400,
            2002,
            "matching dedup key",
        ),
        (lambda a: [_put(a, status="resolved"), _put(a, title="late")], 400, 2002, "Already Resolved"),
        (lambda a: a.rest.rget("incidents", params={"limit": "all"}), 400, 2001, "Limit must be a number"),
        (
            lambda a: a.rest.rget("incidents", params={"offset": 9990, "limit": 100}),
            400,
            2001,
            "Offset must be",
        ),
        (
            lambda a: a.rest.rpost("users", json={"name": "J", "email": "jane@example.com"}),
            400,
            2001,
            "taken",
        ),
        (lambda a: a.rest.rpost(f"{ONE}/snooze", json={"duration": 0}), 400, 2001, "Duration must be"),
    ],
)
def test_refusal_in_the_vendors_form(
    account: Account, call: Callable[[Account], object], status: int, code: int, said: str
) -> None:
    """What is wrong or not there is told as PagerDuty tells it: message, code, one line for each error."""
    answered, error = _refused(lambda: call(account))
    assert (answered, error["code"]) == (status, code)
    assert said in " ".join(error["errors"])


def test_a_wrong_key_is_a_stranger(account: Account) -> None:
    """Also where nothing is: a stranger learns nothing of the paths."""
    stranger = pagerduty.RestApiV2Client("wrong", base_url=account.address, verify=account.trust)
    with pytest.raises(pagerduty.HttpError, match="401"):
        stranger.rget("users")
    stranger.parent.close()


def test_an_account_level_key_needs_from(certificate: LoopbackCertificate) -> None:
    """The client tells the kind of key by the answer to users/me."""
    fake = FakePagerDuty(key_of=None)
    trust = ssl.create_default_context(cafile=certificate.certificate)
    with served(fake.app, certificate) as address:
        rest = pagerduty.RestApiV2Client(API_TOKEN, base_url=address, verify=trust)
        events = pagerduty.EventsApiV2Client(ROUTING_KEY, base_url=address, verify=trust)
        events.trigger("s", "checkout")
        assert rest.api_key_access == "account"
        status, error = _refused(lambda: rest.rpost(f"{ONE}/notes", json={"content": "n"}))
        assert (status, error["errors"]) == (400, ["From header is required"])
        rest.parent.close()
        events.parent.close()
