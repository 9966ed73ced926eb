"""An office in Berlin, promises by it, and one ticket's clocks; each test names what differs."""

from datetime import UTC, datetime, timedelta

from incidents.models import TicketRef, TicketStatus
from incidents.policy.calendars import WorkCalendar
from incidents.sla.calendars import ALWAYS
from incidents.sla.clock import (
    Moment,
    SlaMetric,
    SlaTerms,
)
from incidents.sla.events import advance

START = datetime(2026, 3, 30, 8, 0, tzinfo=UTC)
"""A Monday, 10:00 in Berlin."""

OFFICE = WorkCalendar.model_validate(
    {
        "timezone": "Europe/Berlin",
        "hours": {"mon-fri": ["09:00-12:30", "13:30-18:00"]},
        "holidays": {"country": "DE", "subdivision": "BY"},
    }
).calendar("office")
CALENDARS = {"office": OFFICE, "always": ALWAYS}

HOURS = {
    SlaMetric.FIRST_RESPONSE: 1,
    SlaMetric.NEXT_UPDATE: 2,
    SlaMetric.MITIGATION: 4,
    SlaMetric.RESOLUTION: 8,
}


def hours(number):
    return timedelta(hours=number)


def at(number):
    """So many hours after START."""
    return START + hours(number)


def a_promise(**changes):
    """Terms with 1, 2, 4 and 8 hours around the clock, warned at half and three quarters."""
    terms = {
        "policy": "gold",
        "calendar": "always",
        "targets": {metric: hours(number) for metric, number in HOURS.items()},
        "warnings": (Moment(500), Moment(750)),
        "pauses": frozenset({TicketStatus.WAITING_FOR_CUSTOMER}),
    }
    return SlaTerms(**(terms | changes))


def without(*metrics, **changes):
    """The same terms without a promise for these."""
    targets = {metric: hours(number) for metric, number in HOURS.items() if metric not in metrics}
    return a_promise(targets=targets, **changes)


GOLD = a_promise()


def after(clocks, event, hour, *, terms=GOLD, status=TicketStatus.OPEN, now=None):
    """The clocks after the event, so many hours after START."""
    return advance(
        clocks,
        event,
        subject=TicketRef(connection="zendesk/support", id="1"),
        terms=terms,
        status=status,
        calendars=CALENDARS,
        at=at(hour),
        now=at(hour) if now is None else now,
    )


def newest(clocks, metric):
    """The metric's clock that counts now."""
    found = [clock for clock in clocks if clock.metric is metric]
    return max(found, key=lambda clock: (clock.generation, clock.round)) if found else None
