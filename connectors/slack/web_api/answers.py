"""What Slack's answers mean: it says no with HTTP 200 and `"ok": false`, and why in `error`.

https://docs.slack.dev/apis/web-api/#responses and the error tables of each method's page.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from connectors.kit.answers import VendorAnswer, retry_after_seconds
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable

LIMITED = frozenset({"ratelimited", "rate_limited"})
NOT_ALLOWED = frozenset(
    {
        "access_denied",
        "account_inactive",
        "ekm_access_denied",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "not_in_channel",
        "org_login_required",
        "restricted_action",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
NOT_FOUND = frozenset({"channel_not_found", "is_archived", "message_not_found"})
# "It's possible some aspect of the operation succeeded before the error was raised", say the tables.
UNSURE = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})


class SlackRefused(Refused):
    """Slack's no, with its own word for it in `code`."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class NotInChannel(NotAllowed):
    """We may not speak there: somebody must invite the app, or say it elsewhere."""


def content(answer: VendorAnswer, method: str, *, is_repeatable: bool) -> dict[str, Any]:
    """The answer's object when Slack said yes; raises what its no means otherwise."""
    data = answer.data
    if not isinstance(data, dict) or not isinstance(data.get("ok"), bool):
        raise _lost(f"slack {method}: HTTP {answer.status} but not an answer of Slack's", is_repeatable)
    if data["ok"]:
        return data
    raise _no(answer, data, method, is_repeatable)


def required(data: dict[str, Any], key: str, kind: type, method: str, *, is_repeatable: bool) -> Any:
    """What a yes must come with. A yes without it is no usable answer."""
    value = data.get(key)
    if not isinstance(value, kind):
        raise _lost(f"slack {method}: answered ok without {key}", is_repeatable)
    return value


def objects(data: dict[str, Any], key: str, method: str) -> list[dict[str, Any]]:
    """The entries of a list that a read must come with. Raises `Unreachable` for one that is no object: whoever looks
    for something there must see all of them.
    """
    found: list[Any] = required(data, key, list, method, is_repeatable=True)
    if not all(isinstance(entry, dict) for entry in found):
        raise Unreachable(f"slack {method}: an entry of {key} is no object")
    return found


def _lost(message: str, is_repeatable: bool) -> LiaisonError:
    return Unreachable(message) if is_repeatable else Unknown(message)


def _no(answer: VendorAnswer, data: dict[str, Any], method: str, is_repeatable: bool) -> LiaisonError:
    code = str(data.get("error") or "no error named")[:80]
    message = f"slack {method}: {code}"
    if code in LIMITED:
        header = answer.headers.get("retry-after")
        return Busy(message, retry_after=retry_after_seconds(header, now=datetime.now(UTC)))
    if code in UNSURE:
        return _lost(message, is_repeatable)
    if code == "missing_scope":
        return NotAllowed(f"{message}: add {str(data.get('needed'))[:80]} and reinstall the app")
    if code in NOT_ALLOWED:
        kind = NotInChannel if code == "not_in_channel" else NotAllowed
        return kind(f"{message}; check the connection's token, and that the app is in the channel")
    if code in NOT_FOUND:
        return NotFound(message)
    return SlackRefused(message, code)
