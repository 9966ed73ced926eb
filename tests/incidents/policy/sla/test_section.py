"""Who is promised what: the first match decides, by which calendar, and what is done when."""

from datetime import timedelta

import pytest

from incidents.models import Incident, IncidentState, Severity, TicketStatus
from incidents.policy.policy import Sla, WorkCalendar
from incidents.policy.sla.ladder import SlaAct
from incidents.policy.sla.overlap import never_chosen
from incidents.sla.clock import (
    BREACH,
    Moment,
    SlaMetric,
)
from incidents.sla.facts import (
    SlaFacts,
    SlaSubject,
    incident_facts,
    ticket_facts,
)
from tests.incidents.builders import a_ticket
from tests.incidents.sla.builders import START, hours

OFFICE = {"timezone": "Europe/Berlin", "hours": {"mon-fri": ["09:00-12:30", "13:30-18:00"]}}

SLA = Sla.model_validate(
    {
        "calendars": {"office": OFFICE},
        "policies": [
            {
                "name": "gold-urgent",
                "when": {"applies_to": "ticket", "tier": "gold", "severity": [1, 2]},
                "targets": {"first_response": "15m", "resolution": "4h"},
                "warn_at": 0.8,
                "ladder": [{"at": 0.8, "do": "tell_owner"}, {"at": "breach", "do": ["page_next_level"]}],
            },
            {
                "name": "phone",
                "when": {"channel": ["phone", "voice"]},
                "calendar": "office",
                "targets": {"resolution": "8h"},
                "pause_on": "waiting_for_vendor",
            },
            {"name": "shop", "when": {"product": "Shop"}, "targets": {"next_update": "2h"}},
        ],
    }
)


def facts(subject="ticket", severity=None, tier="", product="", channel=""):
    words = {"tiers": tier, "products": product, "channels": channel}
    return SlaFacts(
        subject=SlaSubject(subject),
        severity=None if severity is None else Severity(severity),
        **{name: frozenset({word} if word else ()) for name, word in words.items()},
    )


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        (facts(severity=1, tier="gold"), "gold-urgent"),
        (facts(severity=3, tier="gold"), None),
        (facts(tier="gold"), None),  # no severity yet
        (facts(severity=1, tier="gold", channel="phone"), "gold-urgent"),  # the first match
        (facts(severity=1, channel="voice"), "phone"),
        (facts("incident", severity=1, channel="phone"), "phone"),
        (facts("incident", severity=1, tier="gold"), "severity-1"),
        (facts("incident", severity=4), "severity-4"),
        (facts("incident"), None),
        (facts(product="shop", channel="web"), "shop"),
        (facts(), None),
    ],
)
def test_the_first_policy_that_matches_decides(about, expected):
    """By subject, severity, tier, product and channel; incidents fall back on the targets by severity."""
    terms = SLA.terms_for(about)
    assert (terms and terms.policy) == expected


def test_what_a_policy_promises():
    """Targets, calendar, warnings and pauses as written; by severity as before, around the clock."""
    phone = SLA.terms_for(facts(channel="phone"))
    assert phone.targets == {SlaMetric.RESOLUTION: hours(8)}
    assert (phone.calendar, phone.pauses) == ("office", frozenset({TicketStatus.WAITING_FOR_VENDOR}))
    assert phone.warnings == (Moment(500), Moment(750), Moment(900))
    assert SLA.terms_for(facts(severity=1, tier="gold")).warnings == (Moment(800),)
    severe = SLA.terms_for(facts("incident", severity=1))
    assert severe.targets == {
        SlaMetric.FIRST_RESPONSE: timedelta(minutes=15),
        SlaMetric.RESOLUTION: timedelta(hours=4),
    }
    assert (severe.calendar, severe.pauses) == ("always", frozenset())


def test_facts_come_from_tickets_and_incidents():
    """Words in capitals or not; an incident has those of all its tickets, and one that fits is enough."""
    tickets = [a_ticket(1, tier="Gold ", product="Shop"), a_ticket(2, tier=None, channel="phone")]
    alone = ticket_facts(tickets[0], Severity.CRITICAL)
    assert alone == facts(severity=1, tier="gold", product="shop")
    incident = Incident(
        id=7, version=1, service="checkout", title="x", state=IncidentState.CONFIRMED, severity=Severity.HIGH,
        opened_at=START, clock_from=START, state_since=START,
    )  # fmt: skip
    together = incident_facts(incident, tickets)
    assert (together.subject, together.severity) == (SlaSubject.INCIDENT, Severity.HIGH)
    assert (together.tiers, together.channels) == (frozenset({"gold"}), frozenset({"phone"}))
    assert SLA.terms_for(together).policy == "phone"


def test_a_warning_may_be_one_number_or_a_list():
    """One as before; in any order, each once."""
    assert Sla(warn_at=0.75).warn_at == [0.75]
    assert Sla(warn_at=[0.9, 0.5, 0.9]).warn_at == [0.5, 0.9]
    assert Sla(warn_at=[]).warn_at == []
    assert Sla().warn_at == [0.5, 0.75, 0.9]


def test_calendars_are_made_once():
    """They remember their years; a policy copied with other calendars makes them anew."""
    calendars = SLA.working_calendars()
    assert set(calendars) == {"office", "always"}
    assert SLA.working_calendars()["office"] is calendars["office"]
    other = WorkCalendar.model_validate({"timezone": "UTC", "hours": "always"})
    copied = SLA.model_copy(update={"calendars": {"office": other}})
    assert copied.working_calendars()["office"].zone == "UTC"
    assert SLA.working_calendars()["office"].zone == "Europe/Berlin"


def test_what_is_done_at_each_moment():
    """A policy's own ladder, else the common one, else the owner and the room, and at the breach the next level."""
    default = (SlaAct.TELL_OWNER, SlaAct.POST)
    assert SLA.acts("gold-urgent", Moment(800)) == (SlaAct.TELL_OWNER,)
    assert SLA.acts("gold-urgent", BREACH) == (SlaAct.PAGE_NEXT_LEVEL,)
    assert SLA.acts("phone", Moment(500)) == default
    assert SLA.acts("severity-1", BREACH) == (*default, SlaAct.PAGE_NEXT_LEVEL)
    common = Sla.model_validate({"ladder": [{"at": 0.9, "do": ["post", "raise_severity"]}]})
    assert common.acts("gone", Moment(900)) == (SlaAct.POST, SlaAct.RAISE_SEVERITY)
    assert common.acts("gone", Moment(500)) == ()


@pytest.mark.parametrize(
    ("hours_written", "expected"),
    [
        ({"mon": "9:00-17:00"}, [((540, 1020),), (), (), (), (), (), ()]),
        ({"sun": ["22:00-06:00"]}, [((0, 360),), (), (), (), (), (), ((1320, 1440),)]),
        ({"mon-tue": ["18:00-24:00", "00:00-02:00"]}, [((0, 120), (1080, 1440))] * 2 + [()] * 5),
        ({"sat-mon": ["22:00-00:00"]}, [((1320, 1440),), (), (), (), (), ((1320, 1440),), ((1320, 1440),)]),
        ({"mon-sun": ["12:00-24:00", "00:00-12:00"]}, [((0, 1440),)] * 7),
        ({"MON-SUN": ["20:00-08:00", "08:00-20:00"]}, [((0, 1440),)] * 7),
        ("always", [((0, 1440),)] * 7),
        ({"mon": [], "tue": ["01:00-02:00"]}, [(), ((60, 120),), (), (), (), (), ()]),
    ],
)
def test_hours_are_read(hours_written, expected):
    """Over midnight into the next day, ranges over the weekend, neighbours joined."""
    section = WorkCalendar.model_validate({"timezone": "UTC", "hours": hours_written})
    assert section.calendar("office").week == tuple(expected)


ANY = frozenset()


def covers(*policies):
    return list(never_chosen([{"severity": frozenset(one), "tier": frozenset(two)} for one, two in policies]))


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([], []),
        ([((1,), ANY), (ANY, ANY)], []),
        ([(ANY, ANY), ((1,), ANY)], [(1, (0,))]),
        ([((1, 2), ANY), ((2,), ("gold",))], [(1, (0,))]),
        ([((1,), ("gold",)), ((1,), ANY), (ANY, ("gold",))], []),
        ([((1, 2), ANY), ((3, 4), ANY), ((2, 3), ANY)], [(2, (0, 1))]),  # only together
        ([((1,), ("gold",)), ((1,), ("silver",)), ((1,), ("gold", "silver"))], [(2, (0, 1))]),
        ([((1,), ANY), ((2, 3, 4), ANY), (ANY, ANY)], []),  # one without a severity
        ([((1,), ANY), ((1,), ANY)], [(1, (0,))]),
    ],
)  # fmt: skip
def test_policies_that_can_never_be_chosen(policies, expected):
    """Taken by one before it, or by several together; not where they only overlap."""
    assert covers(*policies) == expected


def test_so_many_combinations_that_nobody_looks_at_them_all():
    """A policy with a product of big lists is taken as reachable rather than looked at for minutes."""
    many = frozenset(range(1000))
    assert covers((many, frozenset(range(500))), (many, frozenset(range(500, 1000))), (many, many)) == []


@pytest.mark.parametrize(
    ("priority", "of_incident", "expected"),
    [
        (None, None, None),
        ("Urgent", None, Severity.CRITICAL),
        ("low", Severity.HIGH, Severity.HIGH),
        ("urgent", Severity.HIGH, Severity.CRITICAL),
        ("P1", None, None),
        (None, Severity.LOW, Severity.LOW),
    ],
)
def test_a_ticket_has_the_worse_of_its_priority_and_its_incident(priority, of_incident, expected):
    """Joining an incident never makes a promise longer; a priority that nobody named means nothing."""
    facts = ticket_facts(a_ticket(priority=priority), of_incident, Sla().priorities)
    assert facts.severity == expected
