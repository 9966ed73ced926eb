"""The filter of a Zendesk SLA policy in our words; plain functions.

Fields, operators and values: https://developer.zendesk.com/documentation/ticketing/reference-guides/
conditions-reference/; the channel word a ticket has for each `via_id` is the column "Ticket created by" of
`.../via-types/`. Only what this connection reads from tickets (priority, channel, tier, product) can be said.
"""

from __future__ import annotations

from typing import Any

from connectors.kit.fields import any_text
from connectors.zendesk.settings import ZendeskSettings
from incidents.service_levels import Condition, ConditionKind, LevelCondition, Priority, Unread

_CHANNELS = {
    "0": "web",
    "4": "email",
    "5": "api",
    "8": "rule",
    "17": "web",
    "20": "web",
    "23": "twitter",
    "24": "forum",
    "26": "twitter",
    "27": "web",
    "29": "chat",
    "30": "twitter",
    "31": "api",
    "33": "voice",
    "34": "voice",
    "35": "voice",
    "36": "api",
    "38": "facebook",
    "39": "api",
    "40": "api",
    "41": "facebook",
}
_PRIORITIES = frozenset(Priority)
_ONE_WAY = frozenset({"email", "chat"})
"""Channel words that a single via id has."""
_EXCLUDING = {"is": False, "is_not": True, "includes": False, "not_includes": True}
_BY_HAND = (
    "write the policy by hand for a tier, product or channel, or mark its tickets with a tag that is one"
)


def condition_from(data: Any, settings: ZendeskSettings) -> Condition:
    """One condition of `all` or `any`; `Unread` with the reason where we have no word for it."""
    if not isinstance(data, dict):
        return Unread(what=any_text(data)[:120], why="it is not a condition", cure=_BY_HAND)
    field = any_text(data.get("field"))
    operator = any_text(data.get("operator"))
    called = f"{field} {operator} {_shown(data.get('value'))}"
    is_excluding = _EXCLUDING.get(operator)
    if is_excluding is None:
        return Unread(what=called, why=f"the operator {operator[:40]!r} is not known here", cure=_BY_HAND)
    meaning = _meaning(field, data.get("value"), settings)
    if isinstance(meaning, str):
        return Unread(what=called, why=meaning, cure=_BY_HAND)
    kind, values = meaning
    return LevelCondition(
        kind=kind,
        values=frozenset(values),
        called=called,
        is_excluding=is_excluding,
        remark=_remark(values) if kind is ConditionKind.CHANNEL else "",
    )


Meaning = tuple[ConditionKind, list[str]] | str
"""What a field is to us with its values in our words; or why it is nothing."""


def _meaning(field: str, value: Any, settings: ZendeskSettings) -> Meaning:
    words = _words(value)
    if not words:
        return "it has no value"
    if field == "current_tags":
        return _tags([tag for word in words for tag in word.split()], settings)
    if field == "priority":
        is_known = all(word in _PRIORITIES for word in words)
        return (ConditionKind.PRIORITY, words) if is_known else "its value is no priority"
    if field == "via_id":
        return _channels(words)
    if settings.product_field_id is not None and field == f"custom_fields_{settings.product_field_id}":
        return _choices(words)
    return f"{field[:60]!r} is nothing that Liaison chooses promises by"


def _channels(ids: list[str]) -> Meaning:
    if not all(word in _CHANNELS for word in ids):
        return "what channel these tickets have is not documented by Zendesk"
    return ConditionKind.CHANNEL, [_CHANNELS[word] for word in ids]


def _choices(words: list[str]) -> Meaning:
    if any(word.isdigit() for word in words):
        return "its value may be the id of a choice, where tickets have the choice's tag"
    return ConditionKind.PRODUCT, words


def _tags(tags: list[str], settings: ZendeskSettings) -> Meaning:
    for kind, prefix, owner in (
        (ConditionKind.TIER, settings.tier_tag_prefix, settings.tier_field),
        (ConditionKind.PRODUCT, settings.product_tag_prefix, settings.product_field_id),
    ):
        values = [tag.removeprefix(prefix) for tag in tags if prefix and tag.startswith(prefix)]
        if tags and len(values) == len(tags) and all(values):
            if owner is not None:
                return f"the {kind} comes from the field {owner} in this connection, not from tags"
            return kind, values
    known = " or ".join(
        prefix for prefix in (settings.tier_tag_prefix, settings.product_tag_prefix) if prefix
    )
    return f"only tags that begin with {known} mean something to Liaison"


def _remark(channels: list[str]) -> str:
    shared = sorted(set(channels) - _ONE_WAY)
    if not shared:
        return ""
    words = " and ".join(map(repr, shared))
    return f"tickets have one word, {words}, for several of Zendesk's ways in, and all of those match"


def _words(value: Any) -> list[str]:
    several = value if isinstance(value, list) else [value]
    return [text for one in several if (text := any_text(one).strip())]


def _shown(value: Any) -> str:
    return " ".join(_words(value))[:120]
