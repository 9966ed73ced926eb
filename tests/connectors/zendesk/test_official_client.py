"""zenpy talks to the fake Zendesk: the calls that a support or incident tool makes, one a row."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from zenpy.lib.api_objects import (
    Comment,
    CustomField,
    Group,
    GroupMembership,
    Identity,
    Macro,
    Organization,
    OrganizationMembership,
    SatisfactionRating,
    Ticket,
    TicketField,
    User,
    View,
    Webhook,
)

from connectors.kit.fakes.certificates import LoopbackCertificate
from tests.connectors.zendesk.official_account import Desk, opened_desk

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def desk(certificate: LoopbackCertificate) -> Iterator[Desk]:
    with opened_desk(certificate) as desk:
        yield desk


def _pages(d: Desk) -> bool:
    for number in range(230):
        d.fake.create_ticket("Eve", "eve@customer.example", f"Ticket {number}", "x")
    ids = [ticket.id for ticket in d.client.tickets(cursor_pagination=50)]
    return len(ids) == len(set(ids)) == 231


def _numbered_pages(d: Desk) -> bool:
    for number in range(130):
        d.fake.create_ticket("Eve", "eve@customer.example", f"Ticket {number}", "x")
    ids = [ticket.id for ticket in d.client.search(type="ticket")]
    return len(ids) == len(set(ids)) == 131


def _created(d: Desk) -> bool:
    made = d.ticket(
        requester=User(name="Bob", email="bob@customer.example"),
        tags=["vip"],
        priority="urgent",
        custom_fields=[CustomField(id=9, value=["a", "b"])],
    )
    again = d.look(made.id)
    return (again.requester.email, again.tags, again.priority) == ("bob@customer.example", ["vip"], "urgent")


def _created_many(d: Desk) -> bool:
    job = d.client.tickets.create([Ticket(subject=f"{n}", comment=Comment(body="x")) for n in range(3)])
    return d.done(job) and len(d.fake.tickets) == 4


def _replied(d: Desk) -> bool:
    d.change(comment=Comment(body="We look into it.", public=True), status="pending")
    return d.fake.public_replies(d.first) == ["We look into it."] and d.look().status == "pending"


def _noted(d: Desk) -> bool:
    d.change(comment=Comment(body="INC-7", public=False))
    return d.fake.private_notes(d.first) == ["INC-7"]


def _assigned(d: Desk) -> bool:
    group = d.client.groups.create(Group(name="Tier 2"))
    ticket = d.change(assignee_id=d.agent, group_id=group.id)
    return bool(ticket.assignee.name == "Grace" and ticket.group.name == "Tier 2")


def _custom_fields(d: Desk) -> bool:
    ticket = d.change(custom_fields=[CustomField(id=9, value="app")])
    return {"id": 9, "value": "app"} in [dict(field) for field in ticket.custom_fields]


def _updated_many(d: Desk) -> bool:
    second = d.ticket()
    first, second = d.look(), d.look(second.id)
    first.status = second.status = "solved"
    return d.done(d.client.tickets.update([first, second])) and d.look(second.id).status == "solved"


def _deleted(d: Desk) -> bool:
    d.client.tickets.delete(d.look())
    gone = [ticket.id for ticket in d.client.tickets.deleted()]
    d.client.tickets.restore(d.first)
    return gone == [d.first] and d.look().status == "open"


def _erased(d: Desk) -> bool:
    ticket = d.look()
    d.client.tickets.delete([ticket])
    return d.done(d.client.tickets.permanently_delete(ticket)) and not list(d.client.tickets.deleted())


def _audits(d: Desk) -> bool:
    d.change(priority="high")
    last = list(d.client.tickets.audits(d.first))[-1]
    return [(event["field_name"], event["value"]) for event in map(_plain, last.events)] == [
        ("priority", "high")
    ]


def _plain(one: Any) -> Any:
    return one if isinstance(one, dict) else one.to_dict()


def _tagged(d: Desk) -> bool:
    d.client.tickets.add_tags(d.first, ["vip"])
    d.client.tickets.delete_tags(d.first, ["shop"])
    return d.look().tags == ["vip"] and d.client.tickets.set_tags(d.first, ["a", "b"]) is not None


def _merged(d: Desk) -> bool:
    other = d.ticket()
    job = d.client.tickets.merge(target=d.first, source=other.id, source_comment="see the other")
    return d.done(job) and d.look(other.id).status == "closed" and "closed_by_merge" in d.look(other.id).tags


def _metrics(d: Desk) -> bool:
    d.fake.agent_solve(d.first, "Grace", "done")
    metrics = d.client.tickets.metrics(d.first)
    return bool(metrics.replies == 1 and metrics.solved_at)


def _problem(d: Desk) -> bool:
    problem = d.ticket(type="problem")
    d.change(type="incident", problem_id=problem.id)
    return [ticket.id for ticket in d.client.tickets.incidents(problem.id)] == [d.first]


def _incremental(d: Desk) -> bool:
    d.ticket()
    found = [ticket.id for ticket in d.client.tickets.incremental(start_time=LONG_AGO, per_page=1)]
    return len(found) == 2


def _incremental_by_time(d: Desk) -> bool:
    found = d.client.tickets.incremental(start_time=LONG_AGO, paginate_by_time=True)
    return [ticket.id for ticket in found] == [d.first]


def _events(d: Desk) -> bool:
    return [event.ticket_id for event in d.client.tickets.events(LONG_AGO)] == [d.first] * 2


def _attached(d: Desk) -> bool:
    upload = d.client.attachments.upload(
        io.BytesIO(b"\x89PNG"), target_name="shot.png", content_type="image/png"
    )
    d.change(comment=Comment(body="see there", uploads=[upload.token]))
    (attachment,) = list(d.client.tickets.comments(d.first))[-1].attachments
    content = d.client.attachments.download(attachment.id).getvalue()
    return attachment.file_name == "shot.png" and content == b"\x89PNG"


def _rated(d: Desk) -> bool:
    d.fake.agent_solve(d.first, "Grace")
    # Not `tickets.rate`, which stumbles in the client itself.
    d.client.satisfaction_ratings.create(d.first, SatisfactionRating(score="good", comment="thanks"))
    return [rating.score for rating in d.client.satisfaction_ratings()] == ["good"]


def _imported(d: Desk) -> bool:
    made = d.client.ticket_import.create(
        Ticket(subject="old", comments=[Comment(body="one"), Comment(body="two")])
    )
    return [comment.body for comment in d.client.tickets.comments(made)] == ["one", "two"]


def _searched(d: Desk) -> bool:
    d.ticket(priority="low")
    found = d.client.search("refused", type="ticket", status_less_than="solved", tags="shop")
    return [ticket.subject for ticket in found] == ["Cannot pay"]


def _searched_by_person(d: Desk) -> bool:
    found = d.client.search(type="ticket", requester="ada@customer.example", assignee="Grace")
    return [ticket.id for ticket in found] == [d.first]


def _searched_by_time(d: Desk) -> bool:
    now = datetime.now(UTC)
    recent = d.client.search(
        type="ticket", created_between=[now - timedelta(hours=1), now + timedelta(hours=1)]
    )
    older = d.client.search(type="ticket", created_before=now - timedelta(hours=1))
    return len(list(recent)) == 1 and not list(older)


def _exported(d: Desk) -> bool:
    return [ticket.id for ticket in d.client.search_export(type="ticket", status="open")] == [d.first]


def _users(d: Desk) -> bool:
    return {user.name for user in d.client.users()} == {"Liaison", "Ada", "Grace"}


def _user_changed(d: Desk) -> bool:
    made = d.user(external_id="crm-1")
    made.phone = "+49 30 1"
    d.client.users.update(made)
    (found,) = d.client.users(external_id="crm-1")
    return bool(found.phone == "+49 30 1" and found.id == made.id)


def _user_put(d: Desk) -> bool:
    first = d.client.users.create_or_update(User(name="Bob", email="bob@customer.example"))
    second = d.client.users.create_or_update(User(name="Bob Ng", email="bob@customer.example"))
    return bool(first.id == second.id and second.name == "Bob Ng")


def _user_gone(d: Desk) -> bool:
    d.client.users.delete(d.user())
    return "Bob" not in {user.name for user in d.client.users()}


def _identities(d: Desk) -> bool:
    user = d.user()
    d.client.users.identities.create(user.id, Identity(type="email", value="bob@home.example"))
    return [one.value for one in d.client.users.identities(id=user.id)] == [
        "bob@customer.example",
        "bob@home.example",
    ]


def _organization(d: Desk) -> bool:
    made = d.client.organizations.create(Organization(name="Acme", external_id="a1", tags=["gold"]))
    made.notes = "pays on time"
    d.client.organizations.update(made)
    d.client.organization_memberships.create(
        OrganizationMembership(user_id=d.user().id, organization_id=made.id)
    )
    again = d.client.organizations(id=made.id)
    return (again.notes, again.external_id) == ("pays on time", "a1") and len(
        list(d.client.organizations.users(made.id))
    ) == 1


def _organization_tickets(d: Desk) -> bool:
    made = d.client.organizations.create(Organization(name="Acme"))
    d.change(organization_id=made.id)
    return [ticket.id for ticket in d.client.tickets.organizations(made.id)] == [d.first]


def _group(d: Desk) -> bool:
    group = d.client.groups.create(Group(name="Tier 2"))
    d.client.group_memberships.create(GroupMembership(user_id=d.agent, group_id=group.id))
    return [user.name for user in d.client.groups.users(group.id)] == ["Grace"]


def _view(d: Desk) -> bool:
    view = View(title="Shop", all=[{"field": "current_tags", "operator": "includes", "value": "shop"}])
    made = d.client.views.create(view)
    d.ticket()
    counted = d.client.views.count(made.id)
    return [ticket.id for ticket in d.client.views.tickets(made.id)] == [d.first] and counted.value == 1


def _macro(d: Desk) -> bool:
    macro = d.client.macros.create(Macro(title="Close", actions=[{"field": "status", "value": "solved"}]))
    effect = d.client.tickets.show_macro_effect(d.first, macro.id)
    d.client.tickets.update(effect.ticket)
    return bool(d.look().status == "solved")


def _custom_status(d: Desk) -> bool:
    statuses = {status.agent_label: status.status_category for status in d.client.custom_statuses()}
    return statuses["On-hold"] == "hold" and len(statuses) == 5


def _field(d: Desk) -> bool:
    made = d.client.ticket_fields.create(TicketField(title="Product", type="tagger"))
    made.title = "Which product"
    d.client.ticket_fields.update(made)
    return "Which product" in [field.title for field in d.client.ticket_fields()]


def _webhook(d: Desk) -> bool:
    made = d.client.webhooks.create(
        Webhook(
            name="Liaison",
            endpoint="https://liaison.example.com/hooks/zendesk",
            http_method="POST",
            request_format="json",
            status="active",
            subscriptions=["zen:event-type:ticket.status_changed"],
        )
    )
    d.change(status="pending")
    (outbox,) = d.fake.api.webhooks.outboxes.values()
    return len(outbox) == 1 and bool(d.client.webhooks.show_secret(made.id).secret)


def _webhook_gone(d: Desk) -> bool:
    fields = {"http_method": "POST", "request_format": "json", "status": "active"}
    made = d.client.webhooks.create(Webhook(name="A", endpoint="https://a.example/", **fields))
    before = [one.name for one in d.client.webhooks.list()]
    d.client.webhooks.delete(made)
    return before == ["A"] and not list(d.client.webhooks.list())


def _suspended(d: Desk) -> bool:
    mail = d.fake.hold_mail("Mailer", "daemon@customer.example", "Out of office", "Back on Monday")
    (held,) = d.client.suspended_tickets()
    d.client.suspended_tickets.recover(held)
    return held.id == mail and "Out of office" in [ticket.subject for ticket in d.client.tickets()]


def _redacted(d: Desk) -> bool:
    comment = d.fake.tickets[d.first].comments[0]
    d.client.tickets.comment_redact(d.first, comment.id, "refused")
    return "refused" not in d.fake.tickets[d.first].description


CALLS: list[tuple[str, Callable[[Desk], object]]] = [
    # Tickets
    ("all tickets, by cursor", _pages),
    ("a ticket", lambda d: d.look().subject == "Cannot pay" and d.look().requester.name == "Ada"),
    ("tickets by ids", lambda d: [one.id for one in d.client.tickets(ids=[d.first, 1])] == [d.first]),
    ("tickets by external id", lambda d: not list(d.client.tickets(external_id="none"))),
    ("recent tickets", lambda d: [one.id for one in d.client.tickets.recent()] == [d.first]),
    ("create", _created),
    ("create many", _created_many),
    ("reply and set the status", _replied),
    ("private note", _noted),
    ("assign", _assigned),
    ("subject and priority", lambda d: d.change(subject="New", priority="low").subject == "New"),
    ("tags replaced by an update", lambda d: d.change(tags=["other"]).tags == ["other"]),
    ("custom fields", _custom_fields),
    ("due date and external id", lambda d: d.change(external_id="INC-7").external_id == "INC-7"),
    ("update many", _updated_many),
    ("delete and restore", _deleted),
    ("delete for ever", _erased),
    ("comments", lambda d: [one.body for one in d.client.tickets.comments(d.first)] == ["Cards are refused"]),
    ("redact", _redacted),
    ("audits", _audits),
    ("tags", lambda d: d.client.tickets.tags(d.first)),
    ("add, take and set tags", _tagged),
    ("merge", _merged),
    ("metrics", _metrics),
    ("problem and incidents", _problem),
    ("export by cursor", _incremental),
    ("export by time", _incremental_by_time),
    ("ticket events", _events),
    ("upload, attach, download", _attached),
    ("satisfaction", _rated),
    ("import", _imported),
    ("suspended mail", _suspended),
    # Search
    ("search", _searched),
    ("search over many pages", _numbered_pages),
    ("search by person", _searched_by_person),
    ("search by time", _searched_by_time),
    ("count", lambda d: int(d.client.search.count(type="ticket")) == 1),
    ("export a search", _exported),
    ("search for users", lambda d: [one.name for one in d.client.users.search("ada@")] == ["Ada"]),
    # People
    ("who am I", lambda d: d.client.users.me().name == "Liaison"),
    ("all users", _users),
    ("create and change a user", _user_changed),
    ("create or update a user", _user_put),
    ("delete a user", _user_gone),
    ("a user's tickets", lambda d: len(list(d.client.users.assigned(d.agent))) == 1),
    ("identities", _identities),
    ("organizations", _organization),
    ("an organization's tickets", _organization_tickets),
    ("groups", _group),
    # What is set up
    ("views", _view),
    ("macros", _macro),
    ("custom statuses", _custom_status),
    ("ticket fields", _field),
    ("triggers there are none", lambda d: list(d.client.triggers()) == []),
    ("webhook that hears", _webhook),
    ("webhook removed", _webhook_gone),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_call(desk: Desk, name: str, call: Callable[[Desk], object]) -> None:
    """It is answered, does what it says, and is there when read back."""
    assert call(desk)
