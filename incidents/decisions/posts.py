"""Effects on the engineers' side: posts in the incident's room, notes on its pages, actions."""

from __future__ import annotations

from collections.abc import Iterable

from incidents.actions import NOT_STARTED
from incidents.case import ACTION_AGAIN, Case, LedgerLine
from incidents.effects import ActionCall, Effect, EffectKind, EffectState, NoteText, Nothing
from incidents.egress.edges import Confided, Edge
from incidents.models import Button, ChatMessage
from incidents.policy.policy import ActionPolicy, Policy
from incidents.texts.messages import internal


def chat_post(case: Case, policy: Policy, what: str, message: ChatMessage) -> Effect:
    """A post in the incident's room. `what` makes it once: the same word twice in a generation is one post.

    Only for teams with a chat; `tell_engineers` asks for you.
    """
    key = case.once(f"chat:{what}")
    return Effect(
        key=key,
        once=key,
        kind=EffectKind.CHAT_POST,
        incident_id=case.incident.id,
        connection=policy.team_of(case.incident.service).chat or "",
        target=case.incident.name,
        payload=message,
    )


def action_effect(case: Case, action: ActionPolicy, *, approved_by: str | None = None) -> Effect:
    """The action run, once in this generation of the incident; again, if what was planned before was not started.
    `approved_by` is who said so, where it is only offered; it goes with the arguments, before what the policy has
    there."""
    key, before = case.once(f"action:{action.name}"), case.action_lines(action.name)
    if before and before[-1].result == NOT_STARTED:
        key = f"{key}{ACTION_AGAIN}{len(before)}"
    incident = case.incident
    arguments = {"incident": incident.name, "service": incident.service, **action.arguments}
    if approved_by is not None:
        arguments["approved_by"] = approved_by
    return Effect(
        key=key,
        once=key,
        kind=EffectKind.ACTION,
        incident_id=incident.id,
        connection=action.connection,
        target=action.name,
        payload=ActionCall(
            action=action.name,
            arguments=tuple(sorted(arguments.items())),
            timeout=action.timeout.total_seconds(),
        ),
    )


def tell_room(
    case: Case, policy: Policy, what: str, text: str, *, buttons: tuple[Button, ...] = ()
) -> list[Effect]:
    """A post, if the incident has a room and its team still has a chat."""
    has_room = any(line.kind is EffectKind.CHAT_ROOM for line in case.ledger)
    has_room = has_room and policy.team_of(case.incident.service).chat is not None
    message = ChatMessage(text=text, buttons=buttons)
    return [chat_post(case, policy, what, message)] if has_room else []


def tell_engineers(
    case: Case, policy: Policy, what: str, text: str, *, wordless: str | None = None
) -> list[Effect]:
    """The same news for the room and for whoever holds a page. `wordless` is it without the words of a ticket that
    `text` quotes, for a way by which they may not leave."""

    def told(edge: Edge) -> str:
        may_quote = wordless is None or Confided.WORDS in policy.egress.allowed(edge)
        return text if may_quote or wordless is None else wordless

    return [
        *tell_room(case, policy, what, told(Edge.CHAT)),
        *page_notes(case, what, told(Edge.PAGER)),
    ]


def page_notes(case: Case, what: str, text: str) -> list[Effect]:
    """A note on each of the engineers' pages that is out (or on its way)."""
    return notes_on(case, case.pages, what, text)


def notes_on(case: Case, pages: Iterable[LedgerLine], what: str, text: str) -> list[Effect]:
    """A note on each of these pages; on none that was given up."""
    return [
        Effect(
            key=_once(case, line, "note", what),
            once=_once(case, line, "note", what),
            kind=EffectKind.PAGE_NOTE,
            incident_id=case.incident.id,
            connection=line.connection,
            target=line.target,
            payload=NoteText(text=internal(text)),
        )
        for line in pages
        if line.state is not EffectState.DEAD
    ]


def change_pages(case: Case, kind: EffectKind, what: str) -> list[Effect]:
    """Acknowledge or resolve every page of the engineers that is out."""
    return _change(case, case.pages, kind, what)


def change_on(case: Case, pages: Iterable[LedgerLine], kind: EffectKind, what: str) -> list[Effect]:
    """Acknowledge or resolve these pages; none that was given up."""
    return _change(case, pages, kind, what)


def end_pages(case: Case) -> list[Effect]:
    """Resolve whatever still rings although the incident is over: every page to anybody, of any generation, that was
    not resolved yet."""
    return _change(case, ringing(case), EffectKind.PAGE_RESOLVE, "over")


def ringing(case: Case) -> list[LedgerLine]:
    """Every page to anybody, of any generation, that we have not resolved."""
    resolved = {line.target for line in case.ledger if line.kind is EffectKind.PAGE_RESOLVE}
    return [line for line in case.ledger if line.kind is EffectKind.PAGE and line.target not in resolved]


def _change(case: Case, pages: Iterable[LedgerLine], kind: EffectKind, what: str) -> list[Effect]:
    return [
        Effect(
            key=_once(case, line, kind, what),
            once=_once(case, line, kind, what),
            kind=kind,
            incident_id=case.incident.id,
            connection=line.connection,
            target=line.target,
            payload=Nothing(),
        )
        for line in pages
        if line.state is not EffectState.DEAD
    ]


def _once(case: Case, line: LedgerLine, kind: str, what: str) -> str:
    """Once in this generation: a page that its engineers opened again outlives the one it was sent in."""
    return f"{line.key}:{kind}:g{case.incident.generation}:{what}"
