"""Mail of Apprise's that can be answered: where to, and by what the answer is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import apprise
from apprise.plugins.email import NotifyEmail


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """Where a mail is answered to: the address, and the message id by which the answer is known."""

    address: str
    message_id: str


def addresses_of(address: str) -> Sequence[str]:
    """To whom an Apprise address sends mail; empty for one that is no mail."""
    service = apprise.Apprise.instantiate(address)
    return [mail for _, mail in service.targets] if isinstance(service, NotifyEmail) else []


def send_mail(service: NotifyEmail, reply_to: ReplyTo | None, send: Callable[[NotifyEmail], bool]) -> bool:
    """Whether everybody behind it got the mail; no absence notice answers it."""
    service.headers |= {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if reply_to is None:
        return send(service)
    service.reply_to = {reply_to.address}
    # A Message-ID of ours would stand beside Apprise's own; what a mail refers to, its answer refers to as well.
    service.headers["References"] = f"<{reply_to.message_id}>"
    are_sent: list[bool] = []
    for target in list(service.targets):
        # One by one: with a Reply-To, Apprise 1.13 fails at the second.
        service.targets = [target]
        are_sent.append(send(service))
    return all(are_sent)
