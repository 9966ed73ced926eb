"""What people type, as commands. Pure, and total: whatever the text, it is a command or a mistake, never an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from incidents.approval import ApprovalSubject
from incidents.commands.doubts import ANY_NUMBER, doubtful_number, left_over, reason, second_name, shown
from incidents.commands.help import help_about, missing
from incidents.commands.moments import read_promise
from incidents.commands.typed import Typed, first_word, incident_name, typed_words
from incidents.commands.verbs import WORDS, Verb
from incidents.commands.words import (
    Acknowledge,
    Close,
    Command,
    Escalate,
    HandTo,
    Help,
    LinkTo,
    MergeInto,
    Mistake,
    NotAnIncident,
    Note,
    NotUs,
    Resolve,
    Rule,
    Run,
    Status,
    TakeOut,
    Update,
)
from incidents.models import Severity
from incidents.notes.next_rung import NEXT, is_rung_mark
from incidents.texts.plain_text import cut, one_line
from incidents.texts.team import worded

_BETWEEN = frozenset({"into", "with", "and", "to", "for"})
_SEVERITY = re.compile(r"(?:sev|severity|s|p)-?([1-4])[,;:]?", re.IGNORECASE)
_ABOUT_SEVERITY = re.compile(r"sev(?:erity)?-?[0-9]*[,;:]?", re.IGNORECASE)
_TICKET = re.compile(r"#?[0-9]{1,18}|[^\s#]{1,120}#[^\s#]{1,80}")
_NAMED = re.compile(r"inc-?([0-9]{1,18})", re.IGNORECASE)
_LONGEST_WHY, _LONGEST_TEXT = 500, 4_000
_ALIKE = 0.6
_SHOWN = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """Where it is said: on a ticket, or not; and the services there are."""

    is_on_ticket: bool = False
    services: Collection[str] = ()


def parse(words: str, ground: Ground) -> tuple[Typed, Command | Mistake]:
    """What was typed and what it means there."""
    typed = typed_words(words, is_on_ticket=ground.is_on_ticket)
    return typed, read(typed, ground)


def read(typed: Typed, ground: Ground) -> Command | Mistake:
    """What a verb's words mean there."""
    doubt = doubtful_number(typed) if ground.is_on_ticket else None
    doubt = doubt or second_name(typed)
    if doubt is not None:
        return doubt
    return _READERS[typed.verb](typed, ground)


def _help(typed: Typed, ground: Ground) -> Command | Mistake:
    del ground
    first, rest = first_word(typed.text)
    asked = WORDS.get(first.lower())
    if asked is not None:
        return Help(about=asked)
    near = get_close_matches(first.lower()[:40], list(WORDS), n=1, cutoff=_ALIKE) if first else []
    if not near:
        return Help()
    verb = WORDS[near[0]]
    nearest = cut(one_line(f"{verb} {rest}"), 200)
    said = worded(
        "There is no command `{first}`. Did you mean: {nearest}\n{help}",
        first=shown(first),
        nearest=nearest,
        help=help_about(verb),
    )
    return Mistake(said=said, nearest=nearest)


def _escalate(typed: Typed, ground: Ground) -> Command | Mistake:
    before, why = reason(typed.text)
    has_reason = bool(why)
    words = before.split()
    severity: Severity | None = None
    rest: list[str] = []
    for word in words:
        found = _SEVERITY.fullmatch(word)
        if found is not None and severity is None:
            severity = Severity(int(found[1]))
        elif _ABOUT_SEVERITY.fullmatch(word):
            nearest = " ".join(
                ["escalate", *(other for other in words if not _ABOUT_SEVERITY.fullmatch(other)), "sev2"]
            )
            return Mistake(
                said=worded(
                    "`{word}` is no severity: sev1 is the worst, sev4 the mildest. Write for example: "
                    "{nearest}",
                    word=shown(word),
                    nearest=cut(one_line(nearest), 200),
                ),
                nearest=cut(one_line(nearest), 200),
            )
        else:
            rest.append(word)
    service: str | None = None
    says_next = bool(rest) and rest[0].casefold() == NEXT
    mark = rest[1] if says_next and len(rest) > 1 and is_rung_mark(rest[1]) else ""
    # A service may be called that; a button never means it.
    is_next = bool(mark) or (says_next and _service(NEXT, ground) is None)
    rest = rest[is_next + bool(mark) :]
    if rest and not is_next:
        service = _service(rest[0], ground)
        if service is not None:
            rest = rest[1:]
        elif len(rest) == 1 and (has_reason or _near(rest[0], ground.services)):
            return _no_service(typed, rest[0], ground)
    why = " ".join([*rest, *([f"because {why}" if rest else why] if why else [])])
    return Escalate(
        service=service, severity=severity, is_next=is_next, mark=mark, why=cut(one_line(why), _LONGEST_WHY)
    )


def _link(typed: Typed, ground: Ground) -> Command | Mistake:
    before, why = reason(typed.text)
    words = [word for word in before.split() if word.lower() not in _BETWEEN]
    if len(words) > 1 or (not words and typed.incident is None):
        return Mistake(said=missing(Verb.LINK, worded("the incident")), nearest="link INC-42")
    if not words and not ground.is_on_ticket:
        return Mistake(
            said=worded("Which ticket? Write for example: link 4711 {incident}", incident=typed.incident),
            nearest=f"link 4711 {typed.incident}",
        )
    if words and typed.incident is None and ground.is_on_ticket:
        number = ANY_NUMBER.fullmatch(words[0])
        if number is None:
            return Mistake(said=missing(Verb.LINK, worded("the incident")), nearest="link INC-42")
        nearest = f"link INC-{int(number[1])}"
        return Mistake(said=worded("Which incident? Write: {nearest}", nearest=nearest), nearest=nearest)
    return LinkTo(ticket=words[0] if words else None, why=cut(one_line(why), _LONGEST_WHY))


def _split(typed: Typed, ground: Ground) -> Command | Mistake:
    before, why = reason(typed.text)
    words = [word for word in before.split() if word.lower() not in _BETWEEN]
    ticket: str | None = None
    into: int | None = None
    if ground.is_on_ticket and typed.incident is not None:
        # On a ticket the incident that is named is where it goes.
        into = int(typed.incident.removeprefix("INC-"))
    if words and (not ground.is_on_ticket or _TICKET.fullmatch(words[0])):
        ticket, words = words[0], words[1:]
    if (ticket is None and not ground.is_on_ticket) or len(words) > 1 or (words and into is not None):
        said = worded(
            "Which ticket? `split 4711` in the room of its incident (else `split INC-2 4711`) puts "
            "it into an incident of its own, `split 4711 INC-9` into that one, `split 4711 search` "
            "into a new one of that service; in a note on the ticket leave its number out"
        )
        return Mistake(said=f"{said}.", nearest="split" if ground.is_on_ticket else "split 4711")
    service: str | None = None
    if words:
        named = _NAMED.fullmatch(words[0])
        into = int(named[1]) if named else None
        if named is None:
            service = _service(words[0], ground)
            if service is None and ground.services:
                return _no_service(typed, words[0], ground)
            service = service or words[0]
    return TakeOut(ticket=ticket, into=into, service=service, why=cut(one_line(why), _LONGEST_WHY))


def _merge(typed: Typed, ground: Ground) -> Command | Mistake:
    del ground
    words = [word for word in typed.text.split() if word.lower() not in _BETWEEN]
    found = [ANY_NUMBER.fullmatch(word) for word in words]
    named = [int(one[1]) for one in found if one is not None]
    if typed.incident is not None:
        named = [int(typed.incident.removeprefix("INC-")), *named]
    if len(named) != len(words) + (typed.incident is not None) or not 1 <= len(named) <= 2:
        said = worded(
            "Which two? `merge INC-7 INC-2` puts INC-7 into INC-2, which goes on; in the room of "
            "INC-7, or on a ticket of it, `merge INC-2` is enough."
        )
        return Mistake(said=said, nearest="merge INC-7 INC-2")
    return MergeInto(named=tuple(named))


def _owner(typed: Typed, ground: Ground) -> Command | Mistake:
    """`owner @ada look at the ledger first`, `owner "Ada Agent" look at ...`; without anybody it asks who has it."""
    del ground
    text = typed.text.strip()
    if not text:
        return Status()
    if text.startswith(('"', "“")):
        name, _, note = text[1:].replace("”", '"').partition('"')
    else:
        name, note = first_word(text)
    name = name.strip().removeprefix("@")
    if not name or "<" in name:
        return Mistake(
            said=missing(Verb.OWNER, worded("the name, as the helpdesk shows it")), nearest="owner @ada"
        )
    return HandTo(to=name, note=note.strip())


def _promise(typed: Typed, ground: Ground) -> Command | Mistake:
    del ground
    before, _ = reason(typed.text)
    found, rest = read_promise(before)
    if found is None:
        said = worded(
            "{lacks} (or: promise 45m)", lacks=missing(Verb.PROMISE, worded("a time that can be read"))
        )
        return Mistake(said=said, nearest="promise 14:30")
    return found if not rest else left_over(typed, rest, one_line(before).removesuffix(rest))


def _update(typed: Typed, ground: Ground) -> Command | Mistake:
    del ground
    if not typed.text:
        return Mistake(
            said=missing(Verb.UPDATE, worded("the text")), nearest="update We are still working on it."
        )
    return Update(text=typed.text[:_LONGEST_TEXT])


def _note(typed: Typed, ground: Ground) -> Command | Mistake:
    del ground
    if not typed.text:
        return Mistake(said=missing(Verb.NOTE, worded("the text")), nearest="note restarted the pods")
    return Note(text=typed.text)


def _rule(typed: Typed, ground: Ground) -> Command | Mistake:
    del ground
    words = typed.text.strip()
    first, rest = first_word(words)
    subject = next((one for one in ApprovalSubject if first.casefold().rstrip(":,") == one.value), None)
    why = words if subject is None else rest
    return Rule(is_yes=typed.verb is Verb.APPROVE, subject=subject, why=why.strip())


def _not_an_incident(typed: Typed, ground: Ground) -> Command | Mistake:
    del ground
    before, why = reason(typed.text)
    return NotAnIncident(why=cut(one_line(" ".join(filter(None, (before, why)))), _LONGEST_WHY))


def _not_us(typed: Typed, ground: Ground) -> Command | Mistake:
    """`not-us search because the index is down`, `not-us the index is down`: the first word may name whose it is."""
    before, why = reason(typed.text)
    first, rest = first_word(before)
    service = _service(first, ground) if first else None
    if service is None and first and not rest and _near(first, ground.services):
        return _no_service(typed, first, ground)
    said = " ".join(filter(None, (rest if service is not None else before, why)))
    return NotUs(service=service, why=cut(one_line(said), _LONGEST_WHY))


def _close(typed: Typed, ground: Ground) -> Command | Mistake:
    del ground
    return Close(why=typed.text)


def _run(typed: Typed, ground: Ground) -> Command | Mistake:
    del ground
    return Run(action=typed.text)


def _plain(command: Command) -> Callable[[Typed, Ground], Command | Mistake]:
    """What nothing follows but a reason."""

    def reader(typed: Typed, ground: Ground) -> Command | Mistake:
        del ground
        rest = reason(typed.text)[0].strip(" .,;!")
        return command if not rest else left_over(typed, rest)

    return reader


_READERS: Mapping[Verb, Callable[[Typed, Ground], Command | Mistake]] = {
    Verb.STATUS: _plain(Status()),
    Verb.ESCALATE: _escalate,
    Verb.LINK: _link,
    Verb.SPLIT: _split,
    Verb.MERGE: _merge,
    Verb.OWNER: _owner,
    Verb.PROMISE: _promise,
    Verb.UPDATE: _update,
    Verb.NOTE: _note,
    Verb.ACKNOWLEDGE: _plain(Acknowledge()),
    Verb.RESOLVE: _plain(Resolve()),
    Verb.NOT_US: _not_us,
    Verb.RUN: _run,
    Verb.APPROVE: _rule,
    Verb.DENY: _rule,
    Verb.CLOSE: _close,
    Verb.NOT_AN_INCIDENT: _not_an_incident,
    Verb.HELP: _help,
}


def _service(word: str, ground: Ground) -> str | None:
    said = word.casefold().rstrip(",;:")
    return next((one for one in ground.services if one.casefold() == said), None)


def _near(word: str, services: Collection[str]) -> str | None:
    near = get_close_matches(word.casefold()[:80], list(services), n=1, cutoff=_ALIKE)
    return near[0] if near else None


def _no_service(typed: Typed, word: str, ground: Ground) -> Mistake:
    near = _near(word, ground.services)
    if near is None:
        known = ", ".join(sorted(ground.services)[:_SHOWN]) or worded("none")
        return Mistake(
            said=worded("There is no service `{word}`. There is: {known}.", word=shown(word), known=known)
        )
    nearest = cut(one_line(f"{typed.verb} {typed.text.replace(word, near, 1)}"), 200)
    return Mistake(
        said=worded(
            "There is no service `{word}`. Did you mean: {nearest}", word=shown(word), nearest=nearest
        ),
        nearest=nearest,
    )


def named_number(name: str) -> int | None:
    """The number of an incident's name."""
    found = incident_name(name)
    return None if found is None else int(found.removeprefix("INC-"))
