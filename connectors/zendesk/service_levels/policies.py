"""Zendesk's SLA policies in our words; plain functions.

Shape: https://developer.zendesk.com/api-reference/ticketing/business-rules/sla_policies/ (`target` is in minutes,
`target_in_seconds` is not in every answer). What each metric counts, and in which states it stands still:
https://support.zendesk.com/hc/en-us/articles/4408829459866-Defining-SLA-policies.
"""

from __future__ import annotations

from typing import Any

from connectors.kit.fields import any_text, items, whole
from connectors.zendesk.service_levels.conditions import condition_from
from connectors.zendesk.settings import ZendeskSettings
from incidents.models import TicketStatus
from incidents.service_levels import LevelPolicy, LevelTarget, Priority, Unread
from incidents.sla.clock import SlaMetric

_CUSTOMER = frozenset({TicketStatus.WAITING_FOR_CUSTOMER})
_METRICS = {
    "first_reply_time": (SlaMetric.FIRST_RESPONSE, frozenset[TicketStatus]()),
    "periodic_update_time": (SlaMetric.NEXT_UPDATE, frozenset[TicketStatus]()),
    "pausable_update_time": (SlaMetric.NEXT_UPDATE, _CUSTOMER),
    "total_resolution_time": (SlaMetric.RESOLUTION, frozenset[TicketStatus]()),
    "requester_wait_time": (SlaMetric.RESOLUTION, _CUSTOMER),
    "agent_work_time": (SlaMetric.RESOLUTION, _CUSTOMER | {TicketStatus.WAITING_FOR_VENDOR}),
}
_PRIORITIES = frozenset(Priority)
_NEXT_REPLY = "next_reply_time"


def policy_from(data: dict[str, Any], settings: ZendeskSettings) -> LevelPolicy:
    """A policy with its conditions and targets. What is not understood of it is `unread`, never an error."""
    filters = data.get("filter")
    filters = filters if isinstance(filters, dict) else {"all": [filters]}
    targets = [_target(one) for one in items(data.get("policy_metrics"))]
    return LevelPolicy(
        id=any_text(data.get("id")),
        name=any_text(data.get("title")),
        all_of=tuple(condition_from(one, settings) for one in _listed(filters.get("all"))),
        any_of=tuple(condition_from(one, settings) for one in _listed(filters.get("any"))),
        targets=tuple(one for one in targets if isinstance(one, LevelTarget)),
        unread=_each_once([one for one in targets if isinstance(one, Unread)]),
    )


def _target(data: Any) -> LevelTarget | Unread:
    if not isinstance(data, dict):
        return Unread(what=any_text(data)[:120], why="it is not a target", cure="look at it in Zendesk")
    called = any_text(data.get("metric"))
    seconds = _seconds(data)
    priority = any_text(data.get("priority"))
    if called == _NEXT_REPLY:
        return Unread(
            what=called,
            why="Liaison has no clock that starts with a customer's unanswered message",
            cure="promise regular updates instead: targets, next_update",
        )
    if called not in _METRICS:
        return Unread(
            what=called[:60],
            why="this metric is not known here",
            cure="if it is like first_response, next_update or resolution, write the target by hand",
        )
    if priority not in _PRIORITIES or seconds is None:
        named = f"priority {priority[:40]!r} with target {any_text(data.get('target'))[:40]!r}"
        return Unread(
            what=called, why=f"{named} is not understood", cure="write it by hand from Zendesk's screen"
        )
    metric, pauses = _METRICS[called]
    return LevelTarget(
        priority=Priority(priority),
        metric=metric,
        seconds=seconds,
        called=called,
        by_schedule=data.get("business_hours") is True,
        pauses=pauses,
    )


def _seconds(data: dict[str, Any]) -> int | None:
    seconds, minutes = whole(data.get("target_in_seconds")) or 0, whole(data.get("target")) or 0
    if seconds > 0:
        return seconds
    return minutes * 60 if minutes > 0 else None


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _each_once(unread: list[Unread]) -> tuple[Unread, ...]:
    """A metric has a target a priority: told once for all four."""
    return tuple(dict.fromkeys(unread))
