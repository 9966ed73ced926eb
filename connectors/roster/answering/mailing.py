"""Mail of Apprise's that can be answered: where to, and by what the answer is known."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import apprise
from apprise.plugins.email import NotifyEmail

from incidents.case import hashed_address


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """Where a mail is answered to: the address, and the message id by which the answer is known."""

    address: str
    message_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MailSent:
    """Whom a mail has reached now, by their hashed addresses, and whether nobody is left."""

    reached: tuple[str, ...]
    is_everybody: bool


def addresses_of(address: str) -> Sequence[str]:
    """To whom an Apprise address sends mail; empty for one that is no mail."""
    service = apprise.Apprise.instantiate(address)
    return [mail for _, mail in service.targets] if isinstance(service, NotifyEmail) else []


def send_mail(
    service: NotifyEmail,
    reply_to: ReplyTo | None,
    send: Callable[[NotifyEmail], bool],
    *,
    but: Collection[str] = (),
) -> MailSent:
    """Send it to everybody behind it `but` whom it has reached before; no absence notice answers it.

    One by one, for who is refused keeps it from nobody, and then it is tried again for them alone.
    """
    service.headers |= {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if reply_to is not None:
        service.reply_to = {reply_to.address}
        # A Message-ID of ours would stand beside Apprise's own; what a mail refers to, its answer refers to as well.
        service.headers["References"] = f"<{reply_to.message_id}>"
    # Apprise rests five seconds between two calls; our own pace is kept before. `Ways.send` has a deadline.
    service.request_rate_per_sec = 0.0
    reached: list[str] = []
    targets = list(service.targets)
    is_everybody = bool(targets)
    for target in targets:
        known = hashed_address(target[1])
        if known in but:
            continue
        service.targets = [target]
        if send(service):
            reached.append(known)
        else:
            is_everybody = False
    return MailSent(reached=tuple(reached), is_everybody=is_everybody)
