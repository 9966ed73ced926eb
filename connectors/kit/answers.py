"""What an answer of a vendor means, by its status and whether it can be read: the table of `connectors.kit.http`."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from connectors.kit.answer_body import UnusableBody, read_capped
from connectors.kit.strict_json import parse_json
from incidents.errors import Busy, NotAllowed, NotFound, Refused, Unknown, Unreachable, Unrecognised

MAX_REFUSAL_BYTES = 65_536
MOST_LETTERS_OF_AN_ADDRESS = 2_000


class Redirected(Refused):
    """Any redirect: none is followed. `location` is what the answer named, for a vendor that tells so where something
    went: a stranger's word, to be read for an id and never to be called. "" where it named nothing."""

    def __init__(self, message: str, *, location: str) -> None:
        super().__init__(message)
        self.location = location


@dataclass(frozen=True, kw_only=True, slots=True)
class VendorAnswer:
    """A usable answer.

    `data` is the parsed JSON, or None where the body was empty; the names of `headers` are in lower case.
    """

    status: int
    data: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def retry_after_seconds(value: str | None, *, now: datetime, default: float = 5.0) -> float:
    """A Retry-After header as seconds, clipped to [1 s, 1 h]; a date, nonsense or nothing is understood."""
    seconds = default
    if value:
        try:
            seconds = float(value)
        except ValueError:
            try:
                seconds = (parsedate_to_datetime(value) - now).total_seconds()
            except (ValueError, TypeError, OverflowError):
                seconds = default
    if math.isnan(seconds):
        seconds = default
    return min(max(seconds, 1.0), 3600.0)


def busy_until_reset(what: str, answer: VendorAnswer, *, reset: str | None) -> Busy:
    """The error for a limit that is told by `Retry-After`, or by the Unix time at which there are calls again; where
    neither is said, a minute."""
    now = datetime.now(UTC)
    wait = answer.headers.get("retry-after")
    if wait is None and reset is not None and reset.isdecimal():
        wait = str(int(reset[:12]) - now.timestamp())
    return Busy(f"{what}: HTTP {answer.status}", retry_after=retry_after_seconds(wait, now=now, default=60.0))


def raise_for_status(response: httpx.Response, what: str, repeatable: bool) -> None:
    """Raise what the status means; return for a success. `what` was called, for people."""
    status = response.status_code
    if status < 300:
        return
    message = f"{what}: HTTP {status}"
    retry_after = response.headers.get("retry-after")
    if status == 429 or (status == 503 and retry_after):
        # PagerDuty says it in RateLimit-Reset (seconds) and sends no Retry-After.
        wait = retry_after or response.headers.get("ratelimit-reset")
        raise Busy(message, retry_after=retry_after_seconds(wait, now=datetime.now(UTC)))
    if status >= 500 or status == 408:
        raise lost(message, repeatable)
    if status in (401, 403):
        raise NotAllowed(f"{message}; check the connection's credentials and scopes")
    if status in (404, 410):
        raise NotFound(message)
    if status < 400:
        location = response.headers.get("location", "")[:MOST_LETTERS_OF_AN_ADDRESS]
        raise Redirected(message, location=location)
    raise Refused(message)


async def unclear(response: httpx.Response) -> VendorAnswer:
    """A refusal, with what can be read of its content."""
    data = None
    with contextlib.suppress(UnusableBody, Unrecognised):
        data = parse_json(await read_capped(response, MAX_REFUSAL_BYTES))
    return VendorAnswer(status=response.status_code, data=data, headers=dict(response.headers.items()))


def parsed(
    response: httpx.Response, body: bytes, parse: Callable[[bytes], Any], what: str, repeatable: bool
) -> Any:
    """What `parse` makes of the body; None of an empty one. Raises as a lost answer where it makes nothing of it."""
    if not body.strip():
        return None
    try:
        return parse(body)
    except Unrecognised as error:
        kind = response.headers.get("content-type", "no content type").split(";")[0]
        form = "JSON" if parse is parse_json else "what was asked for"
        raise lost(f"{what}: HTTP {response.status_code} but not {form} ({kind})", repeatable) from error


def lost(message: str, repeatable: bool) -> Unreachable | Unknown:
    """The error for a call that may have been done: what may be repeated counts as not done."""
    return Unreachable(message) if repeatable else Unknown(message)
