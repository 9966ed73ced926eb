"""Reads a Zendesk account's SLA policies, schedules and holidays, page by page.

`GET /api/v2/slas/policies`, `GET /api/v2/business_hours/schedules` and `.../schedules/{id}/holidays`; all but the
last are for administrators, and SLA policies need the plan Support Professional or Suite Growth (pages
`.../business-rules/sla_policies/` and `.../ticket-management/schedules/` of the API reference).
"""

from __future__ import annotations

from typing import Any

from connectors.kit.fields import any_text, records, whole
from connectors.kit.pagination import ByNumber, pages
from connectors.zendesk.calls import Get
from connectors.zendesk.mapping import ticket_id_from
from connectors.zendesk.service_levels.policies import policy_from
from connectors.zendesk.service_levels.schedules import schedule_from
from connectors.zendesk.settings import ZendeskSettings
from incidents.errors import NotAllowed, NotFound, Unrecognised
from incidents.service_levels import LevelSchedule, ServiceLevels, Unread

MAX_PAGES = 100
_BY_NUMBER: ByNumber[dict[str, Any]] = ByNumber(has_more=lambda data: bool(data.get("next_page")))

_POLICIES = "slas/policies.json"
_SCHEDULES = "business_hours/schedules.json"
_ROLE = "give the connection the e-mail and token of one for the import, or make its agent one"
_PLAN = "they need Support Professional or Suite Growth, or a plan above"


async def read_service_levels(get: Get, settings: ZendeskSettings) -> ServiceLevels:
    """Raises `NotAllowed` and `NotFound` with what is missing: an administrator's token, or the plan."""
    try:
        policies = await _pages(get, _POLICIES, "sla_policies")
    except NotAllowed as error:
        raise NotAllowed(f"{error}; SLA policies are shown to administrators only: {_ROLE}") from error
    except NotFound as error:
        raise NotFound(f"{error}; this account has no SLA policies: {_PLAN}") from error
    schedules, unread = await _schedules(get)
    odd = [
        Unread(
            what=f"an SLA policy {any_text(one)[:120]}",
            why="it is not an object",
            cure="look at it in Zendesk",
        )
        for one in policies
        if not isinstance(one, dict)
    ]
    in_order = sorted(records(policies), key=_position)
    return ServiceLevels(
        policies=tuple(policy_from(one, settings) for one in in_order),
        schedules=schedules,
        unread=(*unread, *odd),
    )


async def _schedules(get: Get) -> tuple[tuple[LevelSchedule, ...], tuple[Unread, ...]]:
    try:
        found = await _pages(get, _SCHEDULES, "schedules")
    except NotAllowed as error:
        raise NotAllowed(f"{error}; schedules are shown to administrators only: {_ROLE}") from error
    except NotFound as error:
        # Promises around the clock need no schedule.
        missing = Unread(what="schedules", why=str(error), cure="check that the plan has business hours")
        return (), (missing,)
    schedules: list[LevelSchedule] = []
    unread: list[Unread] = []
    for one in found:
        schedule_id = ticket_id_from(one.get("id")) if isinstance(one, dict) else None
        if schedule_id is None:
            what = f"a schedule {any_text(one)[:120]}"
            unread.append(Unread(what=what, why="it has no id", cure="look at it in Zendesk"))
            continue
        holidays = await _pages(get, f"business_hours/schedules/{schedule_id}/holidays.json", "holidays")
        schedules.append(schedule_from(one, holidays))
    return tuple(schedules), tuple(unread)


async def _pages(get: Get, path: str, key: str) -> list[Any]:
    """All pages' records. The next page is asked for by number: an address out of an answer is not followed."""
    records: list[Any] = []

    async def read(path: str, params: dict[str, str]) -> dict[str, Any]:
        return await get(path, **params)

    async for data in pages(read, path, {}, by=_BY_NUMBER, most=MAX_PAGES):
        found = data.get(key)
        if not isinstance(found, list):
            raise Unrecognised(f"zendesk GET {path}: the answer has no list of {key}")
        records += found
    return records


def _position(policy: dict[str, Any]) -> tuple[bool, int]:
    """The order in which Zendesk tries them; one without a position comes last."""
    position = whole(policy.get("position"))
    return (True, 0) if position is None else (False, position)
