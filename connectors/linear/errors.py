"""What Linear's GraphQL says no with: `errors` in an answer of 200 or 400, each with a code in its `extensions`.

https://linear.app/developers/graphql (errors), https://linear.app/developers/rate-limiting; types as in Linear's SDK
(packages/sdk/src/error.ts). Nothing hangs on a message's wording.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.kit.answers import VendorAnswer, busy_until_reset
from connectors.kit.fields import record, records, text
from incidents.errors import LiaisonError, NotAllowed, Refused

LIMITS = ("requests", "complexity", "endpoint-requests")
"""The limits that `X-RateLimit-*` headers tell of."""


class ActionForbidden(NotAllowed):
    """Who we are is known, perhaps."""


class UnknownCodes(Refused):
    """Errors that nobody knows: whether anything was done, only who knows the call can say."""


class InputRefused(Refused):
    """What was sent is wrong: for Linear an id that names nothing, too."""


_KNOWN: tuple[tuple[frozenset[str], type[LiaisonError], str], ...] = (
    (
        frozenset({"authentication_error"}),
        NotAllowed,
        "; the api_key or access_token is not known to Linear: make a new one",
    ),
    (
        frozenset({"forbidden", "feature_not_accessible"}),
        ActionForbidden,
        "; the key's user, its scopes or the plan do not allow it",
    ),
    (
        frozenset({"graphql_validation_failed", "graphql_parse_failed"}),
        Refused,
        "; Linear's schema is no longer the one that this version knows: upgrade",
    ),
    (frozenset({"usage_limit_exceeded"}), Refused, "; the workspace's plan takes no more issues"),
    (
        frozenset({"input_error", "invalid_input", "bad_user_input", "user_error"}),
        InputRefused,
        "; Linear does not take it so: look whether the issue, the team and its states are still there",
    ),
)


def require_no_errors(answer: VendorAnswer, what: str) -> None:
    """Raise what the answer's errors mean: where we know their codes, nothing was done. Raises `UnknownCodes` for
    others, but where the status says who is not let in, or that there is nothing."""
    errors = records(record(answer.data).get("errors"))
    said = {word for one in errors for word in _words(one)}
    told = f"{what}: {_codes(errors)}"
    if "ratelimited" in said:
        raise busy_until_reset(what, answer, reset=_reset(answer.headers))
    for words, kind, cure in _KNOWN:
        if said & words:
            raise kind(f"{told}{cure}")
    if errors and answer.status not in (401, 403, 404, 410, 429):
        raise UnknownCodes(told)


def _words(error: Mapping[str, Any]) -> tuple[str, str]:
    """The code and the type, written alike: `INPUT_ERROR`, `invalid input`."""
    extensions = record(error.get("extensions"))
    code, kind = (text(extensions.get(name)).casefold().replace(" ", "_") for name in ("code", "type"))
    return code, kind


def _codes(errors: Sequence[Mapping[str, Any]]) -> str:
    """What to tell people: codes alone, as a message may hold an issue's words."""
    said = dict.fromkeys(code or kind or "no code" for code, kind in map(_words, errors))
    return ", ".join(said)[:120] or "no code"


def _reset(headers: Mapping[str, str]) -> str | None:
    """The Unix time in seconds at which the limit that is spent is whole again; Linear says it in milliseconds."""
    spent = [
        int(reset)
        for name in LIMITS
        if headers.get(f"x-ratelimit-{name}-remaining") == "0"
        and (reset := headers.get(f"x-ratelimit-{name}-reset", "")).isdecimal()
        and reset.isascii()
        and len(reset) < 16
    ]
    return str(max(spent) // 1000 + 1) if spent else None
