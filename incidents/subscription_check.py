"""Is a connection told what it needs, once, at the right address? What is wrong of its webhooks, and what mends it.

Pure: from the vendor's list and our own address to findings. A subscription counts as ours where its address is this
connection's at our host, or its title has this installation's mark; only such are changed or removed. One that merely
looks like ours (the same path at another host) may be another installation's, and is told to a person.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from incidents.subscriptions import SecretMatch, WebhookSubscription

HOOKS = "/hooks/"


class SubscriptionFault(StrEnum):
    """What may be wrong with a connection's subscriptions."""

    MISSING = "missing"
    DISABLED = "disabled"
    INCOMPLETE = "incomplete"
    WRONG_ADDRESS = "wrong address"
    DOUBLED = "doubled"
    OTHER_SECRET = "other secret"  # noqa: S105 - a fault's name
    UNFINISHED = "unfinished"
    LOOKALIKE = "lookalike"
    """Told, and not held against the connection."""


class Repair(StrEnum):
    """What mends a finding."""

    MAKE = "make"
    MEND = "mend"
    """Enable it, complete it, point it to our address: all of it at once."""
    REPLACE = "replace"
    """Make another one in its place, then remove it."""
    REMOVE = "remove"


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscriptionFinding:
    """One thing that is wrong. `repair` is None where a person must do it; `text` says what.

    `subscription` is the vendor's id, "" where none is there; `scope` that of one to be made.
    """

    fault: SubscriptionFault
    text: str
    subscription: str = ""
    repair: Repair | None = None
    scope: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether the connection is not well for it."""
        return self.fault is not SubscriptionFault.LOOKALIKE


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnAddress:
    """Where a connection's webhooks shall come: `public_url` is the gateway's, as the internet sees it.

    `mark` is in the title of what this installation makes for the connection. `others` are the connections that are
    saved beside it.
    """

    connection: str
    public_url: str
    mark: str
    others: frozenset[str] = frozenset()

    @property
    def address(self) -> str:
        """The one right address."""
        return f"{self.public_url.rstrip('/')}{HOOKS}{self.connection}"


class _Place(StrEnum):
    RIGHT = "right"
    NEARLY = "nearly"  # our host and path, by http or another port
    STALE = "stale"  # our host, a path under /hooks/ that no connection has
    MOVED = "moved"  # made by this installation, elsewhere
    LIKE = "like"  # the same path at a host that is not ours
    FOREIGN = "foreign"


def check_subscriptions(
    found: Sequence[WebhookSubscription], own: OwnAddress, *, is_refused: bool = False
) -> tuple[SubscriptionFinding, ...]:
    """What is wrong of the vendor's list, in the order in which it is to be mended.

    `is_refused`: webhooks came with a wrong signature since the last good one.
    """
    places = {row.id: _place(row, own) for row in found}
    unfinished = [
        row
        for row in found
        if row.is_unfinished and (own.mark in row.title or places[row.id] is _Place.RIGHT)
    ]
    found = [row for row in found if row not in unfinished]
    right = [row for row in found if places[row.id] is _Place.RIGHT]
    wrong = [row for row in found if places[row.id] in (_Place.NEARLY, _Place.MOVED, _Place.STALE)]
    kept: list[WebhookSubscription] = []
    doubles: list[WebhookSubscription] = []
    for row in (*sorted(right, key=_worth), *sorted(wrong, key=_worth)):
        (doubles if any(_is_double(row, one) for one in kept) else kept).append(row)
    findings = [
        SubscriptionFinding(
            fault=SubscriptionFault.UNFINISHED,
            subscription=row.id,
            text=f"{_named(row)} was left by a repair that was cut off",
            repair=Repair.REMOVE,
        )
        for row in unfinished
    ]
    findings += [
        finding for row in kept for finding in _of_kept(row, places[row.id], own, is_refused=is_refused)
    ]
    if not kept:
        findings.append(
            SubscriptionFinding(
                fault=SubscriptionFault.MISSING,
                text=f"nothing is sent to {own.address}",
                repair=Repair.MAKE,
            )
        )
    findings += [_double(row, places[row.id], kept) for row in doubles]
    findings += [
        SubscriptionFinding(
            fault=SubscriptionFault.LOOKALIKE,
            subscription=row.id,
            text=f"{_named(row)} sends to {_shown(row.address)}: another installation's, or your old address;"
            " remove it by hand if it is yours",
        )
        for row in found
        if places[row.id] is _Place.LIKE
    ]
    return tuple(findings)


def _place(row: WebhookSubscription, own: OwnAddress) -> _Place:
    at, wanted = _split(row.address), _split(own.address)
    if at is None or wanted is None:
        return _Place.MOVED if own.mark in row.title else _Place.FOREIGN
    path, is_our_host = at.path.rstrip("/"), at.hostname == wanted.hostname
    if is_our_host and path == wanted.path:
        is_right = (at.scheme, _port(at)) == (wanted.scheme, _port(wanted)) and not at.query
        return _Place.RIGHT if is_right else _Place.NEARLY
    if own.mark in row.title:
        return _Place.MOVED
    named = _connection_in(path)
    if is_our_host and named.partition("/")[0] == own.connection.partition("/")[0]:
        return _Place.FOREIGN if named in own.others else _Place.STALE
    return _Place.LIKE if named == own.connection else _Place.FOREIGN


def _of_kept(
    row: WebhookSubscription, place: _Place, own: OwnAddress, *, is_refused: bool
) -> Iterator[SubscriptionFinding]:
    """What is wrong with the one that stays. Where another one takes its place, nothing else of it matters."""
    if place is not _Place.RIGHT:
        text = f"{_named(row)} sends to {_shown(row.address)}, not to {own.address}"
        repair = Repair.MEND if row.takes_address else Repair.REPLACE
        if repair is Repair.REPLACE and place is _Place.STALE:
            repair, text = Repair.MAKE, f"{text}; remove it by hand once there is another one"
        yield SubscriptionFinding(
            fault=SubscriptionFault.WRONG_ADDRESS,
            subscription=row.id,
            text=text,
            repair=repair,
            scope=row.scope,
        )
        if not row.takes_address:
            return
    if not row.is_enabled:
        why = f" ({row.disabled_because})" if row.disabled_because else ""
        yield SubscriptionFinding(
            fault=SubscriptionFault.DISABLED,
            subscription=row.id,
            text=f"{_named(row)} is switched off{why}",
            repair=Repair.MEND,
        )
    if row.lacks:
        cure = f": {row.complete_by_hand}" if row.complete_by_hand else ""
        yield SubscriptionFinding(
            fault=SubscriptionFault.INCOMPLETE,
            subscription=row.id,
            text=f"{_named(row)} does not tell of {', '.join(row.lacks)}{cure}",
            repair=None if row.complete_by_hand else Repair.MEND,
        )
    if row.secret is SecretMatch.DIFFERENT or (is_refused and row.secret is SecretMatch.UNKNOWN):
        yield _other_secret(row)


def _other_secret(row: WebhookSubscription) -> SubscriptionFinding:
    if row.secret is SecretMatch.DIFFERENT:
        text = f"{_named(row)} signs with a secret that is not in signing_secrets"
    else:
        text = f"webhooks come with a wrong signature; {_named(row)} may sign with another secret"
        if not row.takes_secret:
            text += ": put its secret into signing_secrets, or remove it and let --repair make another one"
    return SubscriptionFinding(
        fault=SubscriptionFault.OTHER_SECRET,
        subscription=row.id,
        text=text,
        repair=Repair.MEND if row.takes_secret else None,
    )


def _double(
    row: WebhookSubscription, place: _Place, kept: Collection[WebhookSubscription]
) -> SubscriptionFinding:
    first = next(one for one in kept if _is_double(row, one))
    text = f"{_named(row)} tells what {_named(first)} tells"
    is_ours = place is not _Place.STALE
    if not is_ours:
        text += f", and sends to {_shown(row.address)}, which no connection has: remove it by hand"
    elif row.held_by:
        text += f"; {_held(row)}"
    return SubscriptionFinding(
        fault=SubscriptionFault.DOUBLED,
        subscription=row.id,
        text=text,
        repair=Repair.REMOVE if is_ours and not row.held_by else None,
    )


def _is_double(row: WebhookSubscription, kept: WebhookSubscription) -> bool:
    # What tells of the whole account tells of each part of it, too. One that somebody switched off in favour of a
    # narrower one is not switched on again.
    covers = row.scope == kept.scope or not kept.scope or not row.is_enabled
    return covers and bool(row.kinds & kept.kinds or not row.kinds)


def _worth(row: WebhookSubscription) -> tuple[bool, bool, bool, int, str]:
    """The best comes first: enabled, of the whole account, with our secret, complete, and the oldest by its id."""
    return (
        not row.is_enabled,
        bool(row.scope),
        row.secret is SecretMatch.DIFFERENT,
        len(row.lacks),
        row.id.rjust(40),
    )


def _named(row: WebhookSubscription) -> str:
    title = f" {row.title[:60]!r}" if row.title else ""
    return f"webhook {row.id}{title}{f' (only {row.scope})' if row.scope else ''}"


def _held(row: WebhookSubscription) -> str:
    return f"take it out of {', '.join(row.held_by)} first, by hand"


def _shown(address: str) -> str:
    """An address without what may be a secret in it."""
    at = _split(address)
    if at is None:
        return "an address that nobody can read"
    port = f":{at.port}" if at.port else ""
    return f"{at.scheme}://{at.hostname or ''}{port}{at.path}"[:200]


def _split(address: str) -> SplitResult | None:
    try:
        at = urlsplit(address.strip())
        _ = at.port
    except ValueError:
        return None
    return at


def _port(at: SplitResult) -> int | None:
    return at.port or {"http": 80, "https": 443}.get(at.scheme)


def _connection_in(path: str) -> str:
    return path.partition(HOOKS)[2]
