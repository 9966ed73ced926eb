"""The catalogue beside the policy: where they differ, and the sections that take it over."""

from __future__ import annotations

import re

import pytest

from incidents.policy.file import parse_policy
from incidents.policy.policy import Policy
from incidents.service_catalog.differences import differences
from incidents.service_catalog.section import catalog_sections
from incidents.service_catalog.services import CatalogService

POLICY = """\
helpdesks: [zendesk/support]
services:
  checkout: {title: Checkout, team: payments, depends_on: [accounts], severity: 1, probes: [http/checkout]}
  accounts: {title: Accounts, team: platform}
teams:
  payments: {title: Payments, pager: pagerduty/main, pager_target: pay}
  platform: {title: Platform, pager: pagerduty/main}
"""


def service(name: str, owner: str = "platform", *depends_on: str, title: str = "") -> CatalogService:
    return CatalogService(name=name, title=title or name, owner=owner, depends_on=depends_on)


CHECKOUT = service("checkout", "payments", "accounts", "orders-db")
ACCOUNTS = service("accounts")


@pytest.mark.parametrize(
    ("catalogue", "more", "found"),
    [
        ([CHECKOUT, ACCOUNTS, service("other")], "", []),
        ([CHECKOUT], "", ["service accounts: the catalogue does not know it"]),
        ([CHECKOUT], "catalog: {ignore: [accounts]}", []),
        (
            [CHECKOUT, service("accounts", "team-b")],
            "",
            ["service accounts: the policy's team is platform, the catalogue's owner team-b"],
        ),
        ([CHECKOUT, service("accounts", "team-b")], "catalog: {teams: {team-b: platform}}", []),
        ([CHECKOUT, service("accounts", "")], "", []),
        (
            [service("checkout", "payments"), service("accounts", "platform", "checkout", "accounts")],
            "",
            [
                "service checkout: it depends on accounts by the policy only",
                "service accounts: by the catalogue it depends on checkout, which its depends_on does not name",
            ],
        ),
    ],
)
def test_differences(catalogue: list[CatalogService], more: str, found: list[str]):
    assert list(differences(parse_policy(POLICY + more), catalogue)) == found


def taken_over(*catalogue: CatalogService, more: str = "") -> tuple[Policy, tuple[str, ...]]:
    """The policy with the sections in place of its own, read by its own loader."""
    sections = catalog_sections(catalogue, parse_policy(POLICY + more))
    rest = re.sub(r"^(services|teams):\n(  .*\n)*", "", POLICY, flags=re.MULTILINE)
    return parse_policy(f"{rest}{more}\n{sections.text}"), sections.remarks


def test_the_sections_stand_in_a_policy_and_leave_no_difference():
    catalogue = (
        service("checkout", "platform", "accounts", "orders-db", "Search", title="Shop's checkout"),
        service("accounts", "platform"),
        service("Search", "finders", title="Search: all of it"),
    )
    policy, remarks = taken_over(*catalogue)
    assert list(differences(policy, catalogue)) == []
    assert policy.services["checkout"].title == "Checkout", (
        "what the policy says and the catalogue does not, stays"
    )
    assert (policy.services["checkout"].severity, policy.services["checkout"].probes) == (
        1,
        ["http/checkout"],
    )
    assert policy.services["search"].title == "Search: all of it"
    assert policy.teams["payments"].pager_target == "pay"
    assert remarks == ("team finders is new: its pager is the first team's; correct pager and pager_target",)


def test_what_cannot_be_said_in_a_policy_is_left_out_and_told():
    policy, remarks = taken_over(
        service("eu/mail"), service("lonely", ""), service("odd", "user:ada"), service("accounts", "")
    )
    assert set(policy.services) == {"checkout", "accounts"}
    assert policy.services["accounts"].team == "platform"
    assert [remark.split(":")[0].split(" is ")[0] for remark in remarks] == [
        "service eu/mail",
        "service lonely",
        "team user",
        "service odd",
    ]


def test_teams_have_the_names_that_the_policy_gives_them():
    policy, remarks = taken_over(service("search", "team-b"), more="catalog: {teams: {team-b: platform}}")
    assert (policy.services["search"].team, remarks) == ("platform", ())
