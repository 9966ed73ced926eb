"""The helpdesks, each with as many tickets."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.connectors.served import Facts
from bench.connectors.worlds.world import PLENTY, SECRETS, Made, World, world
from connectors.freshdesk import Freshdesk, FreshdeskSettings
from connectors.freshdesk.fake.app import API_KEY, FakeFreshdesk
from connectors.jsm import ServiceManagement, ServiceManagementSettings
from connectors.jsm.fake import app as jsm
from connectors.redmine import RedmineHelpdesk, RedmineSettings
from connectors.redmine.fake.app import API_KEY as REDMINE_KEY
from connectors.redmine.fake.app import FakeRedmine
from connectors.requesttracker import RequestTracker, RequestTrackerSettings
from connectors.requesttracker.fake import app as rt
from connectors.requesttracker.fake.records import TAG_FIELD
from connectors.salesforce import Salesforce, SalesforceSettings
from connectors.salesforce.fake import app as salesforce
from connectors.salesforce.fake.org import BOT_NAME, ORGANIZATION
from connectors.servicenow import ServiceNowHelpdesk, ServiceNowSettings
from connectors.servicenow.fake.app import PASSWORD, FakeServiceNow
from connectors.servicenow.fake.instance import BOT, INCIDENT
from connectors.zammad import Zammad, ZammadSettings
from connectors.zammad.fake.app import API_TOKEN, FakeZammad
from connectors.zendesk import Zendesk, ZendeskSettings
from connectors.zendesk.fake import app as zendesk

TICKETS = 40
PEOPLE = ",".join(f"ada{number}@customer.example" for number in range(TICKETS))
SUBJECT, BODY = "Cannot pay", "It says 503."


def _tickets(create: Callable[[str, str], object]) -> Facts:
    """`create` makes one of a customer's name and address, and returns its id."""
    made: Iterable[object] = (
        create(f"Ada {number}", f"ada{number}@customer.example") for number in range(TICKETS)
    )
    return {"tickets": ",".join(map(str, made))}


def _make_zendesk() -> Made:
    fake = zendesk.FakeZendesk(updates_per_minute=PLENTY, requests_per_minute=PLENTY)
    facts = _tickets(lambda name, email: fake.create_ticket(name, email, SUBJECT, BODY))
    return fake.app, {**facts, "me": str(fake.integration_user_id)}


def _make_freshdesk() -> Made:
    fake = FakeFreshdesk()
    return fake.app, _tickets(lambda name, email: fake.create_ticket(name, email, SUBJECT, BODY))


def _make_zammad() -> Made:
    fake = FakeZammad()
    return fake.app, _tickets(lambda name, email: fake.create_ticket(name, email, SUBJECT, BODY))


def _make_requesttracker() -> Made:
    fake = rt.FakeRequestTracker()
    return fake.app, _tickets(lambda name, email: fake.create_ticket(name, email, SUBJECT, BODY))


def _make_servicenow() -> Made:
    fake = FakeServiceNow()

    def create(name: str, email: str) -> str:
        user = email.partition("@")[0]
        customer = fake.instance.person(user, name, email)
        fields = {"short_description": SUBJECT, "description": BODY, "caller_id": customer}
        return fake.instance.insert(INCIDENT, fields, by=user)["sys_id"]

    return fake.app, {**_tickets(create), "people": PEOPLE}


def _make_salesforce() -> Made:
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    fake = salesforce.FakeSalesforce(public_key=public.decode())

    def create(name: str, email: str) -> str:
        contact, user = fake.org.customer(name, email)
        return fake.org.case({"Subject": SUBJECT, "Description": BODY, "ContactId": contact}, by=user)

    return fake.app, {**_tickets(create), "private_key": private.decode(), "people": PEOPLE}


def _make_jsm() -> Made:
    fake = jsm.FakeServiceManagement()

    def create(name: str, email: str) -> int:
        return fake.site.create(fake.site.person(name, email), SUBJECT, BODY, project="HELP").id

    return fake.app, _tickets(create)


def _make_redmine() -> Made:
    fake = FakeRedmine()
    tracker = fake.tracker
    return fake.app, _tickets(
        lambda name, email: tracker.create(tracker.customer(name, email), SUBJECT, BODY).id
    )


HELPDESKS: tuple[World, ...] = (
    world(
        "zendesk",
        _make_zendesk,
        Zendesk,
        ZendeskSettings,
        lambda address, facts: {
            "base_url": address,
            "email": zendesk.EMAIL,
            "api_token": zendesk.API_TOKEN,
            "signing_secrets": [zendesk.SIGNING_SECRET],
            "integration_user_id": int(facts["me"]),
            "updates_per_minute": PLENTY,
            "requests_per_minute": PLENTY,
        },
    ),
    world(
        "freshdesk",
        _make_freshdesk,
        Freshdesk,
        FreshdeskSettings,
        lambda address, _: {
            "base_url": address,
            "api_key": API_KEY,
            "signing_secrets": SECRETS,
            "requests_per_minute": PLENTY,
            "lists_per_minute": PLENTY,
        },
    ),
    world(
        "zammad",
        _make_zammad,
        Zammad,
        ZammadSettings,
        lambda address, _: {
            "base_url": address,
            "api_token": API_TOKEN,
            "signing_secrets": SECRETS,
            "requests_per_minute": PLENTY,
        },
    ),
    world(
        "requesttracker",
        _make_requesttracker,
        RequestTracker,
        RequestTrackerSettings,
        lambda address, _: {
            "base_url": address,
            "user": rt.USER,
            "password": rt.PASSWORD,
            "tag_field": TAG_FIELD,
            "requests_per_minute": PLENTY,
        },
    ),
    world(
        "servicenow",
        _make_servicenow,
        ServiceNowHelpdesk,
        ServiceNowSettings,
        lambda address, _: {
            "base_url": address,
            "user": BOT,
            "password": PASSWORD,
            "tag_field": "u_liaison_tags",
            "contact_tier_field": "company.u_tier",
            "requests_per_minute": PLENTY,
        },
    ),
    world(
        "salesforce",
        _make_salesforce,
        Salesforce,
        SalesforceSettings,
        lambda address, facts: {
            "base_url": address,
            "client_id": salesforce.CLIENT,
            "private_key": facts["private_key"],
            "user": BOT_NAME,
            "organization": ORGANIZATION,
            "signing_secrets": SECRETS,
            "statuses": {
                "New": "new",
                "Working": "open",
                "Waiting on Customer": "waiting_for_customer",
                "Solved": "solved",
                "Closed": "closed",
            },
            "tag_field": "Tags__c",
            "contact_tier_field": "Account.Tier__c",
            "requests_per_minute": PLENTY,
        },
    ),
    world(
        "jsm",
        _make_jsm,
        ServiceManagement,
        ServiceManagementSettings,
        lambda address, _: {
            "base_url": address,
            "edition": "cloud",
            "email": jsm.EMAIL,
            "api_token": jsm.TOKEN,
            "project": "HELP",
            "requests_per_minute": PLENTY,
        },
    ),
    world(
        "redmine_helpdesk",
        _make_redmine,
        RedmineHelpdesk,
        RedmineSettings,
        lambda address, _: {
            "base_url": address,
            "api_key": REDMINE_KEY,
            "project": "shop",
            "serves": "customers",
            "tag_field": "Tags",
            "requests_per_minute": PLENTY,
        },
    ),
)
