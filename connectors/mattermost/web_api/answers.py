"""What Mattermost's refusals mean: the `id` of the error in the answer's body says more than its status.

https://developers.mattermost.com/api-documentation/#/#error-handling; the ids stand in the server's own source
(`api4/post.go`, `app/post.go`, `app/channel.go` of mattermost/mattermost).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from connectors.kit.answers import VendorAnswer, retry_after_seconds
from connectors.kit.fields import record, text
from incidents.errors import Busy, NotAllowed, NotFound, Refused

_ID = re.compile(r"[a-z0-9_.]{1,100}")
GONE = frozenset(
    {
        "api.post.create_post.can_not_post_to_deleted.error",
        "api.post.patch_post.can_not_update_post_in_deleted.error",
        "api.post.update_post.can_not_update_post_in_deleted.error",
        "api.post.update_post.permissions_details.app_error",
    }
)
"""An archived channel, and a message that was deleted."""
TAKEN = frozenset(
    {
        "store.sql_channel.save_channel.exists.app_error",
        "store.sql_channel.save_channel.previously.app_error",
    }
)
"""A channel's name: of one that is there, and of an archived one, which keeps its name."""
NO_PERMISSION = "api.context.permissions.app_error"
TOO_LATE = "api.post.update_post.permissions_time_limit.app_error"
MOST_SECONDS = 1_000_000
"""More than that, a reset is a Unix time."""


class MattermostRefused(Refused):
    """Mattermost's no, with its own word for it in `code`."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class NoPermission(NotAllowed):
    """We may not do this there: not in the channel, or a role without the right."""


def explain(answer: VendorAnswer, what: str) -> None:
    """Raises what the error's id means; its message may quote anything."""
    if answer.status == 429:
        raise Busy(f"{what}: HTTP 429", retry_after=_wait(answer))
    said = text(record(answer.data).get("id"))
    if not _ID.fullmatch(said):
        return
    message = f"{what}: HTTP {answer.status} ({said})"
    if said in GONE:
        raise NotFound(message)
    if answer.status == 403 and said == NO_PERMISSION:
        raise NoPermission(f"{message}; put the bot into the channel, and look at its roles")
    if answer.status == 400:
        cure = "; raise PostEditTimeLimit in the System Console" if said == TOO_LATE else ""
        raise MattermostRefused(f"{message}{cure}", said)


def _wait(answer: VendorAnswer) -> float:
    """Seconds. `X-Ratelimit-Reset` is seconds left, or a Unix time, as the documentation's two examples differ."""
    now = datetime.now(UTC)
    said = answer.headers.get("retry-after") or answer.headers.get("x-ratelimit-reset")
    try:
        if said is not None and float(said) > MOST_SECONDS:
            said = str(float(said) - now.timestamp())
    except ValueError:
        pass
    return retry_after_seconds(said, now=now)
