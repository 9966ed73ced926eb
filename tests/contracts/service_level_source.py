"""What every `ServiceLevelSource` must keep: all that was promised in the helpdesk's order, and nothing lost.

Subclass it in `tests/connectors/<vendor>/`:

    class TestZendeskIsAServiceLevelSource(ServiceLevelSourceContract):
        @pytest.fixture
        def source(self, ...) -> Zendesk: ...
        @pytest.fixture
        def office(self, ...) -> Office: ...      # the same account's administrator
"""

from __future__ import annotations

from datetime import date
from typing import Any, Protocol

import pytest
import stamina

from connectors.kit.fakes.faults import FaultKind, Faults
from incidents.errors import NotAllowed, NotFound, Unreachable
from incidents.policy.file import parse_policy
from incidents.ports import ServiceLevelSource
from incidents.service_levels import WEEK, ConditionKind, LevelCondition, LevelHoliday, OpenHours, Priority
from incidents.sla.clock import SlaMetric
from incidents.sla_import.section import sla_section
from tests.incidents.builders import POLICY

HOUR = 60
MONDAY_NINE = 9 * HOUR


class Office(Protocol):
    """Sets up service levels behind the connector's back."""

    faults: Faults
    levels_path: str
    """Part of the path of the call that reads policies."""

    def promise(self, name: str, *, tier: str, urgent_first_response_minutes: int) -> None:
        """A policy after all others, around the clock, for customers of this tier."""
        ...

    def promise_oddly(self, name: str) -> None:
        """A policy with something in it that Liaison has no word for."""
        ...

    def open_on_mondays(self, name: str, *, closed: tuple[date, date]) -> None:
        """A schedule of Mondays 9 to 17 in Berlin, with one holiday."""
        ...

    def hide_levels(self) -> None:
        """From now on the credentials do not reach them."""
        ...

    def take_levels_away(self) -> None:
        """The account has no such thing (any more)."""
        ...


class ServiceLevelSourceContract:
    async def test_is_a_service_level_source(self, source: Any) -> None:
        """The class line promises the capability, and the object keeps it."""
        assert isinstance(source, ServiceLevelSource)

    async def test_nothing_promised(self, source: ServiceLevelSource) -> None:
        """An account without policies and schedules promises nothing, and that is no error."""
        levels = await source.service_levels()
        assert (levels.policies, levels.schedules, levels.unread) == ((), (), ())

    async def test_policies_in_order(self, source: ServiceLevelSource, office: Office) -> None:
        """All of them, however many, as the helpdesk tries them, with their conditions and targets."""
        names = [f"Policy {number}" for number in range(230)]
        for number, name in enumerate(names):
            office.promise(name, tier="gold", urgent_first_response_minutes=number + 1)
        levels = await source.service_levels()
        assert [policy.name for policy in levels.policies] == names
        last = levels.policies[-1]
        (condition,) = last.all_of
        assert isinstance(condition, LevelCondition)
        assert (condition.kind, condition.values) == (ConditionKind.TIER, frozenset({"gold"}))
        (target,) = last.targets
        assert (target.priority, target.metric) == (Priority.URGENT, SlaMetric.FIRST_RESPONSE)
        assert (target.seconds, target.by_schedule) == (230 * 60, False)

    async def test_schedules_with_their_holidays(self, source: ServiceLevelSource, office: Office) -> None:
        """In an IANA zone, in minutes from Monday, with first and last dates."""
        first, last = date(2026, 12, 24), date(2027, 1, 1)
        office.open_on_mondays("Office", closed=(first, last))
        (schedule,) = (await source.service_levels()).schedules
        assert (schedule.name, schedule.zone) == ("Office", "Europe/Berlin")
        assert schedule.hours == (OpenHours(opens=MONDAY_NINE, closes=MONDAY_NINE + 8 * HOUR),)
        assert [(one.first, one.last) for one in schedule.holidays] == [(first, last)]
        assert all(isinstance(one, LevelHoliday) for one in schedule.holidays)
        assert all(0 <= one.opens < one.closes <= WEEK for one in schedule.hours)

    async def test_what_cannot_be_said_is_kept(self, source: ServiceLevelSource, office: Office) -> None:
        """It comes back as unread, with its reason and cure, and ends in the report."""
        office.promise_oddly("Odd")
        levels = await source.service_levels()
        (policy,) = levels.policies
        unread = [*policy.unread, *(one for one in policy.all_of if not isinstance(one, LevelCondition))]
        assert unread
        assert all(one.what and one.why and one.cure for one in unread)
        told = "\n".join(map(str, sla_section(levels, parse_policy(POLICY)).lines))
        assert all(one.why in told for one in unread)

    async def test_credentials_that_do_not_reach(self, source: ServiceLevelSource, office: Office) -> None:
        """Said as what it is, with what is needed."""
        office.hide_levels()
        with pytest.raises(NotAllowed, match="administrator"):
            await source.service_levels()

    async def test_account_without_service_levels(self, source: ServiceLevelSource, office: Office) -> None:
        """No list is not an empty list: an account that cannot have any is told apart from one that has none."""
        office.take_levels_away()
        with pytest.raises(NotFound, match="plan"):
            await source.service_levels()

    @pytest.mark.parametrize("kind", [FaultKind.OUTAGE, FaultKind.DROP_REPLY])
    async def test_outage(self, source: ServiceLevelSource, office: Office, kind: FaultKind) -> None:
        """A read that fails may be repeated, and is no half list."""
        office.promise("Gold", tier="gold", urgent_first_response_minutes=15)
        office.faults.arm(kind, where=office.levels_path, times=None)
        with stamina.set_testing(True, attempts=2), pytest.raises(Unreachable):
            await source.service_levels()
