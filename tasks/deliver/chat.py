"""Effects in chat: open the incident's room once, post each message once, answer whoever asked."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from incidents.decisions.rooms import needs_a_room, room_replaced
from incidents.effects import ChatAnswer, EffectKind, RoomRequest
from incidents.errors import LiaisonError, NotFound, Refused, StoreFault
from incidents.models import ChatMessage, Room
from incidents.ports import ChatRoom
from incidents.process.deciding import decide
from incidents.store.cases import read_incident
from incidents.store.ledger.effects import (
    Leased,
    Settled,
    bind,
)
from incidents.store.ledger.rooms import OpenRoom, move_room, room_of
from tasks import resources
from tasks.deliver.connection import connection_of
from tasks.deliver.departure import set_out
from tasks.deliver.egress import as_it_may_depart
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
            case ChatAnswer() as said:
                return await _answer(chat, item, said)
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
        room = await room_of(tx, effect.its_incident, effect.connection)
    if room is None:
        return dead(item, "the incident has no room: opening it failed")
    try:
        return await _post_to(chat, item, room.id, message)
    except NotFound as error:
        replacement = await _replace(chat, item, room)
        if replacement is None:
            return dead(item, f"{error}; the room is gone, and the incident needs none any more")
        return await _post_to(chat, item, replacement.id, message)


async def _post_to(chat: ChatRoom, item: Leased, room_id: str, message: ChatMessage) -> Settled:
    """Raises `NotFound` when the room is gone."""
    once = item.effect.once
    if item.must_look_up and (found := await chat.find_post(room_id, once)) is not None:
        return done(item, detail="found in the room after a lost reply", result=found)
    if not await set_out([item], chat):
        return done(item)  # the fence is gone: whatever we say no longer counts
    return done(item, result=await chat.post(room_id, message, once=once))


async def _replace(chat: ChatRoom, item: Leased, gone: OpenRoom) -> Room | None:
    """Another room for an incident that still needs one; its engineers and its owner are told."""
    effect = item.effect
    async with resources.database().transaction() as tx:
        incident = await read_incident(tx, effect.its_incident)
    if not needs_a_room(incident):
        return None
    wanted = replace(effect, kind=EffectKind.CHAT_ROOM, payload=gone.request)
    request = (await as_it_may_depart(wanted)).payload
    if not isinstance(request, RoomRequest):
        raise TypeError(f"{type(request).__name__} is no room to open")
    room = await chat.open_room(request.name, request.topic, once=gone.key)
    async with resources.transaction() as step:
        await move_room(step.connection, incident.id, effect.connection, gone, room)
        await decide(step, incident.id, partial(room_replaced, room=room, basis=step.basis))
    return room


async def _answer(chat: ChatRoom, item: Leased, said: ChatAnswer) -> Settled:
    """An answer is worth little later: one that may have gone out, or is refused, is not tried again."""
    effect = item.effect
    if item.must_look_up:
        return done(item, detail="its reply was lost; not said again")
    if not await set_out([item], chat):
        return done(item)
    try:
        await chat.answer(
            effect.target, said.user_id, said.text, once=effect.once, is_private=said.is_private
        )
    except Refused as error:
        return dead(item, str(error))
    return done(item)
