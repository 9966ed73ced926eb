"""One way for every command, from a note, from chat and from a form: the same steps that their own forms take."""

from __future__ import annotations

from incidents.case import Case, Plan
from incidents.commands import words
from incidents.commands.asked import Asked
from incidents.commands.help import help_about
from incidents.decisions.chat_answers import open_words
from incidents.decisions.commands.age import refuse_what_is_old
from incidents.decisions.commands.obeying import Obeyed, done_words, obey
from incidents.decisions.merging.merge import Merging
from incidents.errors import Refused
from incidents.process.deciding import decide
from incidents.process.merging import merge
from incidents.process.obeying.done import Done
from incidents.process.obeying.escalating import escalate_as_asked
from incidents.process.obeying.linking import link_as_asked, split_as_asked
from incidents.step import Step
from incidents.store.cases import unsettled_incidents
from incidents.store.merging.handing import where_it_goes_on
from incidents.texts.team import worded


async def carry_out(step: Step, asked: Asked) -> Done:
    """Do it, and say what came of it. Raises `Refused` (and `NotFound`), with what to say instead, before anything is
    changed."""
    refuse_what_is_old(asked, now=step.now)
    command = asked.command
    if isinstance(command, words.Help):
        return Done(said=help_about(command.about))
    if isinstance(command, words.Status) and asked.incident is None:
        found = open_words(await unsettled_incidents(step.connection))
        return Done(
            said=worded("This ticket belongs to no incident. {found}", found=found) if asked.ticket else found
        )
    if isinstance(command, words.Escalate | words.LinkTo | words.TakeOut | words.MergeInto):
        return await _of_several(step, asked, command)
    return await _decided(step, asked)


async def _of_several(
    step: Step, asked: Asked, command: words.Escalate | words.LinkTo | words.TakeOut | words.MergeInto
) -> Done:
    """What is not decided by one incident's case alone."""
    match command:
        case words.Escalate():
            return await escalate_as_asked(step, asked, command)
        case words.LinkTo():
            return await link_as_asked(step, asked, command)
        case words.TakeOut():
            return await split_as_asked(step, asked, command)
        case words.MergeInto():
            return await _merge(step, asked, command.named)


async def _decided(step: Step, asked: Asked) -> Done:
    if asked.incident is None:
        if asked.ticket:
            raise Refused(
                worded(
                    "which incident? this ticket belongs to none: `link INC-42` joins it to one, or say "
                    "`{verb} INC-42`",
                    verb=asked.verb,
                )
            )
        raise Refused(worded("which incident? name it, or say `{verb} INC-42`", verb=asked.verb))
    number = await where_it_goes_on(step.connection, asked.incident, lock=True)
    found: list[Obeyed] = []

    def decision(case: Case) -> Plan:
        found.append(obey(case, asked, step.basis))
        return found[-1].plan

    await decide(step, number, decision)
    said = done_words(found[-1])
    if number != asked.incident:
        said = worded(
            "INC-{incident} was merged into INC-{number}. {said}",
            incident=asked.incident,
            number=number,
            said=said,
        )
    return Done(said=said, incidents=(number,))


async def _merge(step: Step, asked: Asked, named: tuple[int, ...]) -> Done:
    """Where one is named it goes on, and the one that it is said about ends."""
    pair = named if len(named) == 2 or asked.incident is None else (asked.incident, *named)
    if len(pair) != 2:
        raise Refused(worded("which two? `merge INC-7 INC-2` puts INC-7 into INC-2, which goes on"))
    done = await merge(step, *pair, Merging(by=asked.by))
    return Done(said=done.said, incidents=(done.loser, done.survivor))
