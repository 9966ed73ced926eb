"""The room of an incident: the result of the effect that opened it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import cast, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from incidents.effects import EffectKind, EffectState, RoomRequest, payload_from_json
from incidents.models import Room
from incidents.store.ledger.effects import bind
from incidents.store.schema.tables import bindings, effects


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenRoom:
    """The room's id, and by which key and with which request it was opened."""

    id: str
    key: str
    request: RoomRequest


async def room_of(tx: AsyncConnection, incident_id: int, connection: str) -> OpenRoom | None:
    """The incident's room at this connection, if it was opened."""
    row = (
        await tx.execute(
            select(effects.c.key, effects.c.result, cast(effects.c.payload, Text).label("payload")).where(
                effects.c.incident_id == incident_id,
                effects.c.about_ticket.is_(False),
                effects.c.kind == EffectKind.CHAT_ROOM.value,
                effects.c.connection == connection,
                effects.c.state == EffectState.DONE.value,
                effects.c.result != "",
            )
        )
    ).one_or_none()
    if row is None:
        return None
    request = payload_from_json(EffectKind.CHAT_ROOM, row.payload)
    if not isinstance(request, RoomRequest):
        raise TypeError(f"{type(request).__name__} opens no room")
    return OpenRoom(id=row.result, key=row.key, request=request)


async def move_room(
    tx: AsyncConnection, incident_id: int, connection: str, before: OpenRoom, room: Room
) -> None:
    """Another room takes the place of one that is gone."""
    await tx.execute(
        update(effects).where(effects.c.key == before.key).values(result=room.id, detail=room.name)
    )
    await tx.execute(
        delete(bindings).where(
            bindings.c.connection == connection,
            bindings.c.kind == "room",
            bindings.c.external_id == before.id,
        )
    )
    await bind(tx, connection, "room", room.id, incident_id=incident_id, url=room.url)
