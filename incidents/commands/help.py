"""What can be said, for people: one table, from which chat, notes, forms and docs/commands.md take their help."""

from __future__ import annotations

from dataclasses import dataclass

from incidents.commands.verbs import Verb


@dataclass(frozen=True, kw_only=True, slots=True)
class VerbHelp:
    """`usage` is how it is written, `does` what comes of it in a few words, `example` one that works."""

    verb: Verb
    usage: str
    does: str
    example: str


HELP: tuple[VerbHelp, ...] = (
    VerbHelp(verb=Verb.STATUS, usage="status", does="how it stands, who has it", example="status INC-7"),
    VerbHelp(
        verb=Verb.ESCALATE,
        usage="escalate [service or next] [sev1-4] [because why]",
        does="page the team now; `next`: whoever comes after those who were paged",
        example="escalate checkout sev2 because nobody can pay",
    ),
    VerbHelp(
        verb=Verb.LINK,
        usage="link [ticket] INC-42",
        does="this ticket belongs to that incident",
        example="link INC-42",
    ),
    VerbHelp(
        verb=Verb.SPLIT,
        usage="split [ticket] [INC-9 or service] [because why]",
        does="this ticket does not belong to its incident",
        example="split search",
    ),
    VerbHelp(
        verb=Verb.MERGE,
        usage="merge INC-7 INC-2",
        does="INC-7 is the same as INC-2, which goes on",
        example="merge INC-7 INC-2",
    ),
    VerbHelp(
        verb=Verb.OWNER,
        usage="owner @name [note]",
        does="who is accountable from now on",
        example="owner @ada look at the ledger first",
    ),
    VerbHelp(
        verb=Verb.PROMISE,
        usage="promise 14:30",
        does="tell all waiting customers that they hear from us by then",
        example="promise 14:30",
    ),
    VerbHelp(
        verb=Verb.UPDATE,
        usage="update text",
        does="tell all waiting customers this, in your words",
        example="update Card payments work again; invoices do not yet.",
    ),
    VerbHelp(
        verb=Verb.NOTE,
        usage="note text",
        does="tell colleagues and engineers",
        example="note restarted the pods",
    ),
    VerbHelp(verb=Verb.ACKNOWLEDGE, usage="ack", does="you have the page", example="ack INC-7"),
    VerbHelp(verb=Verb.RESOLVE, usage="resolve", does="it is fixed; proof is taken", example="resolve INC-7"),
    VerbHelp(
        verb=Verb.NOT_US,
        usage="not-us [service] [because why]",
        does="the page is not for your team: another one is woken",
        example="not-us search because the index is down",
    ),
    VerbHelp(
        verb=Verb.RUN,
        usage="run [action]",
        does="run an action on offer, or list them",
        example="run restart checkout",
    ),
    VerbHelp(
        verb=Verb.APPROVE,
        usage="approve [status-page, affected-customers, major-incident or action NAME] [why]",
        does="yes to what is asked",
        example="approve status-page",
    ),
    VerbHelp(
        verb=Verb.DENY,
        usage="deny [what approve takes] [why]",
        does="no to what is asked",
        example="deny status-page too early",
    ),
    VerbHelp(
        verb=Verb.CLOSE,
        usage="close why",
        does="it is over, on your word",
        example="close INC-7 the customer confirmed by phone",
    ),
    VerbHelp(
        verb=Verb.NOT_AN_INCIDENT,
        usage="not-an-incident [because why]",
        does="a false alarm, before anybody was paged",
        example="not-an-incident because it was his own firewall",
    ),
    VerbHelp(verb=Verb.HELP, usage="help [command]", does="this list, or one of it", example="help escalate"),
)
_BY_VERB = {one.verb: one for one in HELP}
WHICH = "Name the incident where it is not clear which: `status INC-7`."

USAGE = "\n".join(["Commands:", *(f"- {one.usage}: {one.does}" for one in HELP), WHICH])
"""All of it, a line each."""


def help_of(verb: Verb) -> VerbHelp:
    """The verb's line of the table."""
    return _BY_VERB[verb]


def help_about(verb: Verb | None) -> str:
    """The help that was asked for."""
    if verb is None:
        return USAGE
    one = _BY_VERB[verb]
    return f"{one.usage}: {one.does}. For example: {one.example}"


def missing(verb: Verb, what: str) -> str:
    """What a command lacks, and one that lacks nothing."""
    return f"`{verb}` lacks {what}. Write for example: {_BY_VERB[verb].example}"
