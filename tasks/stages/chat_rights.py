"""Status sync's look at who asks: may they act from chat?"""

from __future__ import annotations

from collections.abc import Sequence

from incidents.decisions.chat_rights import CheckedCommand, needs_a_right, refusal, unchecked
from incidents.errors import NotAllowed, NotFound, Refused
from incidents.events import ChatCommand
from incidents.models import IncidentRef
from incidents.policy.policy import ChatRights
from incidents.ports import ChatRoom
from incidents.process.commands import concerned
from incidents.store.cases import incident_bound_to
from incidents.store.ledger.rooms import room_of
from tasks import resources
from tasks.retries import OUTSIDE_CALL
from tasks.runs import task


@task(name="check who asks", **OUTSIDE_CALL)
async def check_commands(commands: list[ChatCommand]) -> Sequence[CheckedCommand]:
    """Each command with why it may not be obeyed, if so.

    Raises `Busy` or `Unreachable` when the chat does not answer: then it is asked again, and nobody was refused for
    that.
    """
    chat = resources.policy().chat
    return [
        await _checked(command, chat) if needs_a_right(command, chat) else CheckedCommand(command=command)
        for command in commands
    ]


async def _checked(command: ChatCommand, chat: ChatRights) -> CheckedCommand:
    try:
        async with resources.database().transaction() as tx:
            about = await concerned(tx, command, resources.policy())
        if not about:
            return CheckedCommand(command=command, about=about)  # it is told so, whoever asks
        why = None
        for number in about:
            other = "" if number == about[0] else str(IncidentRef(number=number))
            why = why or refusal(command, chat, await _allowed(command, chat, number), other=other)
    except (NotAllowed, NotFound, Refused) as error:
        return CheckedCommand(command=command, refusal=unchecked(command, error))
    return CheckedCommand(command=command, refusal=why, about=about)


async def _allowed(command: ChatCommand, chat: ChatRights, incident: int) -> frozenset[str]:
    if chat.may_act == "users":
        return frozenset(chat.users)
    connection = await resources.connect(command.connection, ChatRoom)
    if chat.may_act == "group":
        return await connection.group_members(chat.group)
    async with resources.database().transaction() as tx:
        room = await room_of(tx, incident, command.connection)
        here = await incident_bound_to(tx, command.connection, "room", command.room_id)
    rooms = {room.id} if room is not None else set()
    if here == incident:
        # Also the room of one that was merged into it: whoever is in there works on it.
        rooms.add(command.room_id)
    return frozenset[str]().union(*[await connection.members(one) for one in sorted(rooms)])
