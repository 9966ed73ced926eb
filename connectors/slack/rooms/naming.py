"""What a channel of ours is called, and how it is known to be ours."""

from __future__ import annotations

import re
from typing import Any

from connectors.kit.fields import record, text
from connectors.slack.mapping import MAX_NAME, escape
from incidents.texts.plain_text import printable

MAX_TOPIC = 250

_PURPOSE = re.compile(r"An incident's room, kept by Liaison \((.+)\)")


def suffixed(name: str, number: int) -> str:
    """`inc-7-checkout-2`: the same name for another channel; the first has none."""
    if number == 1:
        return name
    suffix = f"-{number}"
    return f"{name[: MAX_NAME - len(suffix)].rstrip('-')}{suffix}"


def purpose(once: str) -> str:
    """What a channel of ours is for, with the key that it was opened by: so it is known as ours again."""
    return f"An incident's room, kept by Liaison ({once})"


def opened_by(channel: Any) -> str | None:
    """The key that a channel carries, if it carries one."""
    found = _PURPOSE.fullmatch(text(record(record(channel).get("purpose")).get("value")))
    return found[1] if found is not None else None


def topic_text(topic: str) -> str:
    """A channel's topic: one line, escaped, because Slack announces it in the channel as a message."""
    return escape(" ".join(printable(topic).split()), MAX_TOPIC)
