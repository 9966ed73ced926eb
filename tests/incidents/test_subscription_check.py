"""What is wrong with a vendor's webhooks: the table, and what holds for any list."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.subscription_check import (
    OwnAddress,
    Repair,
    SubscriptionFault,
    SubscriptionFinding,
    check_subscriptions,
)
from incidents.subscriptions import SecretMatch, WebhookSubscription

NAME = "zendesk/support"
MARK = "Liaison (abc123, zendesk/support)"
OWN = OwnAddress(
    connection=NAME,
    public_url="https://liaison.example.com",
    mark=MARK,
    others=frozenset({"zendesk/vip", "slack/engineering"}),
)
GOOD = WebhookSubscription(
    id="1",
    title="Liaison",
    address="https://liaison.example.com/hooks/zendesk/support",
    kinds=frozenset({"created", "changed"}),
    is_enabled=True,
    secret=SecretMatch.SAME,
)
OTHER_HOST = "https://staging.example.com/hooks/zendesk/support"
SOMEBODYS = replace(GOOD, id="9", title="Warehouse", address="https://warehouse.example/in")
AFTER = replace(GOOD, id="2")
HTTP = "http://liaison.example.com/hooks/zendesk/support"
OLD_PATH = "https://liaison.example.com/hooks/zendesk/desk"
ONE_SERVICE = replace(GOOD, id="3", scope="service P1")

Said = tuple[SubscriptionFault, str, Repair | None]


def said(*rows: WebhookSubscription, is_refused: bool = False) -> list[Said]:
    found = check_subscriptions(rows, OWN, is_refused=is_refused)
    return [(finding.fault, finding.subscription, finding.repair) for finding in found]


MISSING = (SubscriptionFault.MISSING, "", Repair.MAKE)
WRONG = SubscriptionFault.WRONG_ADDRESS
DOUBLED = SubscriptionFault.DOUBLED
SECRET = SubscriptionFault.OTHER_SECRET

CASES: list[tuple[str, list[WebhookSubscription], list[Said]]] = [
    ("all is well", [GOOD, SOMEBODYS], []),
    ("nothing at all", [], [MISSING]),
    ("only somebody else's", [SOMEBODYS], [MISSING]),
    ("a slash at the end is the same", [replace(GOOD, address=GOOD.address + "/")], []),
    (
        "the port that https has anyway is the same",
        [replace(GOOD, address="https://liaison.example.com:443/hooks/zendesk/support")],
        [],
    ),
    (
        "a host in capitals is the same",
        [replace(GOOD, address=GOOD.address.replace("liaison", "LIAISON"))],
        [],
    ),
    (
        "switched off",
        [replace(GOOD, is_enabled=False)],
        [(SubscriptionFault.DISABLED, "1", Repair.MEND)],
    ),
    (
        "lacks event types",
        [replace(GOOD, lacks=("merged",))],
        [(SubscriptionFault.INCOMPLETE, "1", Repair.MEND)],
    ),
    (
        "lacks what only a person can add",
        [replace(GOOD, lacks=("tickets",), complete_by_hand="add a trigger")],
        [(SubscriptionFault.INCOMPLETE, "1", None)],
    ),
    (
        "off and incomplete",
        [replace(GOOD, is_enabled=False, lacks=("merged",))],
        [(SubscriptionFault.DISABLED, "1", Repair.MEND), (SubscriptionFault.INCOMPLETE, "1", Repair.MEND)],
    ),
    ("http", [replace(GOOD, address=HTTP)], [(WRONG, "1", Repair.MEND)]),
    ("http, and fixed", [replace(GOOD, address=HTTP, takes_address=False)], [(WRONG, "1", Repair.REPLACE)]),
    (
        "another port",
        [replace(GOOD, address=GOOD.address.replace(".com", ".com:8443"))],
        [(WRONG, "1", Repair.MEND)],
    ),
    ("a query", [replace(GOOD, address=GOOD.address + "?token=x")], [(WRONG, "1", Repair.MEND)]),
    ("an old path of ours", [replace(GOOD, address=OLD_PATH)], [(WRONG, "1", Repair.MEND)]),
    (
        "an old path that cannot be changed is left, and another one made",
        [replace(GOOD, address=OLD_PATH, takes_address=False)],
        [(WRONG, "1", Repair.MAKE)],
    ),
    (
        "another connection's",
        [GOOD, replace(AFTER, address="https://liaison.example.com/hooks/zendesk/vip")],
        [],
    ),
    (
        "our path at another host is told only",
        [GOOD, replace(AFTER, address=OTHER_HOST)],
        [(SubscriptionFault.LOOKALIKE, "2", None)],
    ),
    (
        "and does not stand for ours",
        [replace(AFTER, address=OTHER_HOST)],
        [MISSING, (SubscriptionFault.LOOKALIKE, "2", None)],
    ),
    (
        "made by this installation and moved",
        [replace(GOOD, title=MARK, address=OTHER_HOST)],
        [(WRONG, "1", Repair.MEND)],
    ),
    (
        "made by another installation",
        [GOOD, replace(AFTER, title="Liaison (ffffff, zendesk/support)", address=OTHER_HOST)],
        [(SubscriptionFault.LOOKALIKE, "2", None)],
    ),
    (
        "five identical ones",
        [replace(GOOD, id=str(number)) for number in (5, 3, 12, 4, 2)],
        [(DOUBLED, double, Repair.REMOVE) for double in ("3", "4", "5", "12")],
    ),
    (
        "the double that is well is kept",
        [replace(GOOD, is_enabled=False), AFTER],
        [(DOUBLED, "1", Repair.REMOVE)],
    ),
    (
        "a double that something uses",
        [GOOD, replace(AFTER, held_by=("trigger 7",))],
        [(DOUBLED, "2", None)],
    ),
    ("a double by http", [GOOD, replace(AFTER, address=HTTP)], [(DOUBLED, "2", Repair.REMOVE)]),
    ("a double at an old path", [GOOD, replace(AFTER, address=OLD_PATH)], [(DOUBLED, "2", None)]),
    (
        "a double of ours that was moved",
        [GOOD, replace(AFTER, title=MARK, address=OTHER_HOST)],
        [(DOUBLED, "2", Repair.REMOVE)],
    ),
    ("other kinds double nothing", [GOOD, replace(AFTER, kinds=frozenset({"users"}))], []),
    ("two services", [ONE_SERVICE, replace(ONE_SERVICE, id="4", scope="service P2")], []),
    ("a service within the account", [GOOD, ONE_SERVICE], [(DOUBLED, "3", Repair.REMOVE)]),
    (
        "the account's was switched off for the service's",
        [replace(GOOD, is_enabled=False), ONE_SERVICE],
        [(DOUBLED, "1", Repair.REMOVE)],
    ),
    ("another secret", [replace(GOOD, secret=SecretMatch.DIFFERENT)], [(SECRET, "1", Repair.MEND)]),
    (
        "left by a repair that was cut off",
        [GOOD, replace(AFTER, title=MARK, is_enabled=False, is_unfinished=True)],
        [(SubscriptionFault.UNFINISHED, "2", Repair.REMOVE)],
    ),
    (
        "and nothing else",
        [replace(GOOD, title=MARK, is_enabled=False, is_unfinished=True)],
        [(SubscriptionFault.UNFINISHED, "1", Repair.REMOVE), MISSING],
    ),
    (
        "left by another installation at our address",
        [replace(GOOD, is_enabled=False, is_unfinished=True), AFTER],
        [(SubscriptionFault.UNFINISHED, "1", Repair.REMOVE)],
    ),
    ("addresses nobody can read", [GOOD, replace(AFTER, address="http://[::1")], []),
]


@pytest.mark.parametrize(("rows", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_wrong(rows: list[WebhookSubscription], expected: list[Said]):
    assert said(*rows) == expected


def test_wrong_signatures_speak_against_a_secret_that_nobody_can_see():
    hidden = replace(GOOD, secret=SecretMatch.UNKNOWN)
    assert said(hidden) == []
    assert said(hidden, is_refused=True) == [(SECRET, "1", Repair.MEND)]
    assert said(replace(hidden, takes_secret=False), is_refused=True) == [(SECRET, "1", None)]
    assert said(GOOD, is_refused=True) == [], "the secret is ours: it was a stranger's"


def test_one_that_takes_its_place_is_as_narrow():
    (finding,) = check_subscriptions([replace(ONE_SERVICE, address=HTTP, takes_address=False)], OWN)
    assert (finding.repair, finding.scope) == (Repair.REPLACE, "service P1")


def test_a_secret_in_an_address_is_not_told():
    (finding,) = check_subscriptions(
        [
            replace(
                GOOD, address="http://user:pass-word@liaison.example.com/hooks/zendesk/support?token=s3cret"
            )
        ],
        OWN,
    )
    assert "s3cret" not in finding.text
    assert "pass-word" not in finding.text


def test_only_a_lookalike_leaves_the_connection_well():
    faults = {fault: SubscriptionFinding(fault=fault, text="").is_wrong for fault in SubscriptionFault}
    assert [fault for fault, is_wrong in faults.items() if not is_wrong] == [SubscriptionFault.LOOKALIKE]


ADDRESSES = st.sampled_from(
    [
        GOOD.address,
        HTTP,
        OLD_PATH,
        OTHER_HOST,
        SOMEBODYS.address,
        "",
        "http://[",
        "https://liaison.example.com/",
    ]
) | st.text(max_size=30)
ROWS = st.builds(
    WebhookSubscription,
    id=st.text(min_size=1, max_size=4),
    title=st.sampled_from(["", "Liaison", MARK]) | st.text(max_size=20),
    address=ADDRESSES,
    kinds=st.frozensets(st.sampled_from(["a", "b"])),
    is_enabled=st.booleans(),
    scope=st.sampled_from(["", "service 1"]),
    lacks=st.sampled_from([(), ("b",)]),
    secret=st.sampled_from(SecretMatch),
    takes_address=st.booleans(),
    is_unfinished=st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ROWS, max_size=6, unique_by=lambda row: row.id), st.booleans())
def test_nobody_elses_is_ever_touched_and_one_that_works_always_stays(
    rows: list[WebhookSubscription], is_refused: bool
):
    found = check_subscriptions(rows, OWN, is_refused=is_refused)
    touched = {finding.subscription for finding in found if finding.repair and finding.subscription}
    removed = {finding.subscription for finding in found if finding.repair in (Repair.REMOVE, Repair.REPLACE)}
    by_id = {row.id: row for row in rows}
    for one in touched:
        is_at_our_host = "liaison.example.com" in by_id[one].address.lower()
        assert is_at_our_host or MARK in by_id[one].title
    makes = any(finding.repair in (Repair.MAKE, Repair.REPLACE) for finding in found)
    assert makes or set(by_id) - removed, "something is left to tell us, or is made"
    good = {
        row.id for row in rows if row.address == GOOD.address and row.is_enabled and not row.is_unfinished
    }
    assert not good or good - removed
