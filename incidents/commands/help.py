"""What can be said, for people: one table, from which chat, notes, forms and docs/commands.md take their help."""

from __future__ import annotations

from dataclasses import dataclass

from incidents.commands.verbs import Verb
from incidents.texts.team import Sentence, sentence, worded, worded_as


@dataclass(frozen=True, kw_only=True, slots=True)
class VerbHelp:
    """`usage` is how it is written, `does` what comes of it in a few words, `example` one that works."""

    verb: Verb
    usage: Sentence
    does: Sentence
    example: Sentence


HELP: tuple[VerbHelp, ...] = (
    VerbHelp(
        verb=Verb.STATUS,
        usage=sentence("status"),
        does=sentence("how it stands, who has it"),
        example=sentence("status INC-7"),
    ),
    VerbHelp(
        verb=Verb.ESCALATE,
        usage=sentence("escalate [service or next] [sev1-4] [because why]"),
        does=sentence("page the team now; `next`: whoever comes after those who were paged"),
        example=sentence("escalate checkout sev2 because nobody can pay"),
    ),
    VerbHelp(
        verb=Verb.LINK,
        usage=sentence("link [ticket] INC-42"),
        does=sentence("this ticket belongs to that incident"),
        example=sentence("link INC-42"),
    ),
    VerbHelp(
        verb=Verb.SPLIT,
        usage=sentence("split [ticket] [INC-9 or service] [because why]"),
        does=sentence("this ticket does not belong to its incident"),
        example=sentence("split search"),
    ),
    VerbHelp(
        verb=Verb.MERGE,
        usage=sentence("merge INC-7 INC-2"),
        does=sentence("INC-7 is the same as INC-2, which goes on"),
        example=sentence("merge INC-7 INC-2"),
    ),
    VerbHelp(
        verb=Verb.OWNER,
        usage=sentence("owner @name [note]"),
        does=sentence("who is accountable from now on"),
        example=sentence("owner @ada look at the ledger first"),
    ),
    VerbHelp(
        verb=Verb.PROMISE,
        usage=sentence("promise 14:30"),
        does=sentence("tell all waiting customers that they hear from us by then"),
        example=sentence("promise 14:30"),
    ),
    VerbHelp(
        verb=Verb.UPDATE,
        usage=sentence("update text"),
        does=sentence("tell all waiting customers this, in your words"),
        example=sentence("update Card payments work again; invoices do not yet."),
    ),
    VerbHelp(
        verb=Verb.NOTE,
        usage=sentence("note text"),
        does=sentence("tell colleagues and engineers"),
        example=sentence("note restarted the pods"),
    ),
    VerbHelp(
        verb=Verb.ACKNOWLEDGE,
        usage=sentence("ack"),
        does=sentence("you have the page"),
        example=sentence("ack INC-7"),
    ),
    VerbHelp(
        verb=Verb.RESOLVE,
        usage=sentence("resolve"),
        does=sentence("it is fixed; proof is taken"),
        example=sentence("resolve INC-7"),
    ),
    VerbHelp(
        verb=Verb.NOT_US,
        usage=sentence("not-us [service] [because why]"),
        does=sentence("the page is not for your team: another one is woken"),
        example=sentence("not-us search because the index is down"),
    ),
    VerbHelp(
        verb=Verb.RUN,
        usage=sentence("run [action]"),
        does=sentence("run an action on offer, or list them"),
        example=sentence("run restart checkout"),
    ),
    VerbHelp(
        verb=Verb.APPROVE,
        usage=sentence("approve [status-page, affected-customers, major-incident or action NAME] [why]"),
        does=sentence("yes to what is asked"),
        example=sentence("approve status-page"),
    ),
    VerbHelp(
        verb=Verb.DENY,
        usage=sentence("deny [what approve takes] [why]"),
        does=sentence("no to what is asked"),
        example=sentence("deny status-page too early"),
    ),
    VerbHelp(
        verb=Verb.CLOSE,
        usage=sentence("close why"),
        does=sentence("it is over, on your word"),
        example=sentence("close INC-7 the customer confirmed by phone"),
    ),
    VerbHelp(
        verb=Verb.NOT_AN_INCIDENT,
        usage=sentence("not-an-incident [because why]"),
        does=sentence("a false alarm, before anybody was paged"),
        example=sentence("not-an-incident because it was his own firewall"),
    ),
    VerbHelp(
        verb=Verb.HELP,
        usage=sentence("help [command]"),
        does=sentence("this list, or one of it"),
        example=sentence("help escalate"),
    ),
)
_BY_VERB = {one.verb: one for one in HELP}
_WHICH = sentence("Name the incident where it is not clear which: `status INC-7`.")


def which() -> str:
    """That an incident must be named."""
    return worded_as(_WHICH)


def usage() -> str:
    """All of it, a line each."""
    lines = (f"- {worded_as(one.usage)}: {worded_as(one.does)}" for one in HELP)
    return "\n".join([worded("Commands:"), *lines, which()])


def help_of(verb: Verb) -> VerbHelp:
    """The verb's line of the table."""
    return _BY_VERB[verb]


def help_about(verb: Verb | None) -> str:
    """The help that was asked for."""
    if verb is None:
        return usage()
    one = _BY_VERB[verb]
    return worded(
        "{usage}: {does}. For example: {example}",
        usage=worded_as(one.usage),
        does=worded_as(one.does),
        example=worded_as(one.example),
    )


def missing(verb: Verb, what: str) -> str:
    """What a command lacks, and one that lacks nothing."""
    return worded(
        "`{verb}` lacks {what}. Write for example: {example}",
        verb=verb,
        what=what,
        example=worded_as(_BY_VERB[verb].example),
    )
