"""What Apprise sends; and mail among it, which can be answered, and has several recipients at times."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import apprise
from apprise.plugins.email import NotifyEmail

from incidents.case import hashed_address
from incidents.errors import LiaisonError, Unknown, Unreachable


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


@dataclass(slots=True)
class Sending:
    """One notice under way in a thread, for whoever waits for it no longer than until a deadline.

    Whoever is among `but` is passed over, and the thread adds to `reached`: both are hashed addresses. Once it
    `is_over` the thread begins no further mail, as it is noted by then whom the next attempt is for.
    """

    but: Collection[str] = ()
    reached: list[str] = field(default_factory=list)
    is_over: bool = False

    def end(self) -> tuple[str, ...]:
        """Let it begin no further mail, and say whom it has reached."""
        self.is_over = True
        return tuple(self.reached)


class NoAnswerInTime(Unknown):
    """A notice that took too long. `reached` are those of whom it is known that they got it, by hashed addresses."""

    def __init__(self, what: str, reached: tuple[str, ...]) -> None:
        super().__init__(what)
        self.reached = reached


class NotEverybody(Unreachable):
    """A mail that some of its recipients did not get. `reached` are those who did, by their hashed addresses."""

    def __init__(self, what: str, reached: tuple[str, ...]) -> None:
        super().__init__(what)
        self.reached = reached


def require_everybody(way: str, sent: MailSent) -> None:
    """Raises `Unreachable` where nobody behind the way got it, and `NotEverybody` where some did."""
    why = "the lines of apprise in the log say why"
    if not sent.is_everybody and sent.reached:
        raise NotEverybody(f"{way} did not take it for all of its recipients; {why}", sent.reached)
    if not sent.is_everybody:
        raise Unreachable(f"{way} did not take it; {why}")


def reached_in_spite_of(error: LiaisonError) -> tuple[str, ...]:
    """Who got it although it failed, by their hashed addresses."""
    return error.reached if isinstance(error, NotEverybody | NoAnswerInTime) else ()


def addresses_of(address: str) -> Sequence[str]:
    """To whom an Apprise address sends mail; empty for one that is no mail."""
    service = apprise.Apprise.instantiate(address)
    return [mail for _, mail in service.targets] if isinstance(service, NotifyEmail) else []


def send_mail(
    service: NotifyEmail,
    reply_to: ReplyTo | None,
    send: Callable[[NotifyEmail], bool],
    under_way: Sending,
) -> MailSent:
    """Send it to everybody behind it but whom it has reached before; no absence notice answers it.

    One by one, for who is refused keeps it from nobody, and then it is tried again for them alone.
    """
    service.headers |= {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if reply_to is not None:
        service.reply_to = {reply_to.address}
        # A Message-ID of ours would stand beside Apprise's own; what a mail refers to, its answer refers to as well.
        service.headers["References"] = f"<{reply_to.message_id}>"
    # Apprise rests five seconds between two calls; our own pace is kept before. `Ways.send` has a deadline.
    service.request_rate_per_sec = 0.0
    targets = list(service.targets)
    is_everybody = bool(targets)
    for target in targets:
        known = hashed_address(target[1])
        if known in under_way.but:
            continue
        service.targets = [target]
        if not under_way.is_over and send(service):
            under_way.reached.append(known)
        else:
            is_everybody = False
    return MailSent(reached=tuple(under_way.reached), is_everybody=is_everybody)


def _is_sent(service: apprise.NotifyBase, title: str, text: str) -> bool:
    """Whether Apprise got it through, to all behind this service."""
    sender = apprise.Apprise()
    sender.add(service)
    # A bool in Apprise 1, None where nothing was sent; an object in Apprise 2, which is never `is True` or `is False`.
    return bool(sender.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT))


def notify(address: str, title: str, text: str, reply_to: ReplyTo | None, under_way: Sending) -> MailSent:
    """Send it by the service of this address."""
    service = apprise.Apprise.instantiate(address)
    if isinstance(service, NotifyEmail):
        return send_mail(service, reply_to, lambda mail: _is_sent(mail, title, text), under_way)
    return MailSent(reached=(), is_everybody=service is not None and _is_sent(service, title, text))
