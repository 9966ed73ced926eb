"""matrix-nio, a library that many bots are made with, against our fake homeserver: the calls a tool like ours makes.

Run by the Python of Synapse's folder (`tests/real/install`), as it is no dependency of ours, with the address. Prints
what it saw as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import nio  # type: ignore[import-not-found,unused-ignore]  # installed apart


async def use(address: str) -> dict[str, Any]:
    """Two people, who log in, meet, talk, edit, react, page back and part."""
    seen: dict[str, Any] = {}
    anna, boris = nio.AsyncClient(address, "@anna:fake.test"), nio.AsyncClient(address, "@boris:fake.test")
    try:
        wrong = await anna.login("wrong", device_name="a test")
        seen["wrong password"] = type(wrong).__name__
        seen["login"] = type(await anna.login("fake-password")).__name__
        await boris.login("fake-password")
        seen["whoami"] = (await anna.whoami()).user_id
        made = await anna.room_create(alias="ops", name="Ops", topic="Talk", invite=["@boris:fake.test"])
        seen["created"] = type(made).__name__
        again = await anna.room_create(alias="ops")
        seen["created again"] = again.status_code
        seen["alias"] = (await boris.room_resolve_alias("#ops:fake.test")).room_id == made.room_id
        await boris.sync(timeout=0)
        seen["invited"] = list(boris.invited_rooms) == [made.room_id]
        seen["joined"] = type(await boris.join(made.room_id)).__name__
        await boris.sync(timeout=0)

        await talk(anna, boris, made.room_id, seen)
    finally:
        await anna.close()
        await boris.close()
    return seen


async def talk(anna: Any, boris: Any, room_id: str, seen: dict[str, Any]) -> None:
    """In a room that both are in."""
    said = {"msgtype": "m.text", "body": "hello"}
    first = await anna.room_send(room_id, "m.room.message", said, tx_id="t1")
    same = await anna.room_send(room_id, "m.room.message", {**said, "body": "other"}, tx_id="t1")
    seen["same transaction"] = first.event_id == same.event_id
    relation = {"rel_type": "m.replace", "event_id": first.event_id}
    edit = {
        "msgtype": "m.text",
        "body": "* hi",
        "m.new_content": {**said, "body": "hi"},
        "m.relates_to": relation,
    }
    await anna.room_send(room_id, "m.room.message", edit)
    mark = {"rel_type": "m.annotation", "event_id": first.event_id, "key": "👍"}
    await boris.room_send(room_id, "m.reaction", {"m.relates_to": mark})
    news = await anna.sync(timeout=1000)
    timeline = news.rooms.join[room_id].timeline
    seen["heard"] = [type(event).__name__ for event in timeline.events][-3:]
    got = await boris.room_get_event(room_id, first.event_id)
    seen["the event"] = got.event.body
    back = await boris.room_messages(room_id, start=news.next_batch, limit=2)
    seen["back"] = len(back.chunk)
    seen["members"] = sorted(one.user_id for one in (await anna.joined_members(room_id)).members)
    state = await anna.room_get_state(room_id)
    seen["state"] = sorted({one["type"] for one in state.events})
    topic = await anna.room_put_state(room_id, "m.room.topic", {"topic": "Other"})
    seen["topic"] = type(topic).__name__
    seen["topic now"] = (await anna.room_get_state_event(room_id, "m.room.topic")).content
    seen["rooms"] = (await anna.joined_rooms()).rooms == [room_id]
    await anna.room_typing(room_id, typing_state=True, timeout=1000)
    await boris.room_read_markers(room_id, first.event_id, first.event_id)
    seen["redacted"] = type(await anna.room_redact(room_id, first.event_id)).__name__
    seen["kicked"] = type(await anna.room_kick(room_id, "@boris:fake.test")).__name__
    seen["left"] = type(await anna.room_leave(room_id)).__name__
    seen["sent after"] = (await anna.room_send(room_id, "m.room.message", said)).status_code


if __name__ == "__main__":
    print(json.dumps(asyncio.run(use(sys.argv[1]))))
