"""Effects in chat: open the incident's room once, post each message once."""

from __future__ import annotations

from incidents.effects import RoomRequest
from incidents.errors import LiaisonError, StoreFault
from incidents.models import ChatMessage
from incidents.ports import ChatRoom
from incidents.store.ledger.effects import (
    Leased,
    Settled,
    bind,
    bound,
)
from tasks import resources
from tasks.deliver.connection import connection_of
from tasks.deliver.departure import set_out
from tasks.deliver.settling import (
    dead,
    done,
    failed,
)


async def send_to_chat(item: Leased) -> Settled:
    """Open the room or post the message, whichever it is, once; what went wrong is in what is returned."""
    index_lag = 0.0
    try:
        chat = await connection_of(item, ChatRoom)
        index_lag = chat.index_lag
        match item.effect.payload:
            case RoomRequest() as request:
                return await _open_room(chat, item, request)
            case ChatMessage() as message:
                return await _post(chat, item, message)
            case other:
                raise TypeError(f"{type(other).__name__} is nothing for a chat")
    except StoreFault:
        raise  # it says nothing about the vendor: the lease runs out, and the ledger knows what was sent
    except LiaisonError as error:
        return failed(item, error, index_lag=index_lag)


async def _open_room(chat: ChatRoom, item: Leased, request: RoomRequest) -> Settled:
    room = await chat.open_room(request.name, request.topic, once=item.effect.once)
    async with resources.database().transaction() as tx:
        await bind(
            tx, item.effect.connection, "room", room.id, incident_id=item.effect.its_incident, url=room.url
        )
    return done(item, detail=room.name, result=room.id)


async def _post(chat: ChatRoom, item: Leased, message: ChatMessage) -> Settled:
    effect = item.effect
    async with resources.database().transaction() as tx:
        rooms = [
            room
            for connection, room in await bound(tx, effect.its_incident, "room")
            if connection == effect.connection
        ]
    if not rooms:
        return dead(item, "the incident has no room: opening it failed")
    if item.must_look_up and (found := await chat.find_post(rooms[0], effect.once)) is not None:
        return done(item, detail="found in the room after a lost reply", result=found)
    if not await set_out([item]):
        return done(item)  # the fence is gone: whatever we say no longer counts
    return done(item, result=await chat.post(rooms[0], message, once=effect.once))
