"""A text is encoded once: its vector is known until the text or the encoder changes, or its ticket is too old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd

from incidents.store.database import Database
from insights.routing.history import VECTOR
from insights.routing.ticket_frame import ticket_frame
from insights.routing.vectors import with_vectors
from insights.store.vectors import TextVector, forget_vectors, keep_vectors, known_vectors
from tests.incidents.store.examples import NOW, ticket

DAY = timedelta(days=1)


class Encoder:
    """Its vectors tell which text they are of; `asked` are the texts that it was given."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, texts: Sequence[str]) -> list[bytes]:
        self.asked += texts
        return [text.encode() for text in texts]


def frame(*numbers: int, subject: str = "Hello") -> pd.DataFrame:
    return ticket_frame([ticket(number, subject=f"{subject} {number}", body="") for number in numbers])


async def vectors(
    database: Database, encode: Encoder, rows: pd.DataFrame, *, encoder="v1", most=10
) -> list[bytes]:
    return (await with_vectors(database, rows, encode, encoder=encoder, most=most))[VECTOR].tolist()


async def test_each_text_is_encoded_once(database: Database):
    encode = Encoder()
    assert await vectors(database, encode, frame(1, 2)) == [b"Hello 1\n", b"Hello 2\n"]
    assert await vectors(database, encode, frame(1, 2, 3)) == [b"Hello 1\n", b"Hello 2\n", b"Hello 3\n"]
    assert encode.asked == ["Hello 1\n", "Hello 2\n", "Hello 3\n"]


async def test_a_changed_text_and_another_encoder_make_a_new_one_in_its_place(database: Database):
    encode = Encoder()
    await vectors(database, encode, frame(1))
    assert await vectors(database, encode, frame(1, subject="Changed")) == [b"Changed 1\n"]
    await vectors(database, encode, frame(1, subject="Changed"), encoder="v2")
    assert encode.asked == ["Hello 1\n", "Changed 1\n", "Changed 1\n"]
    async with database.transaction() as tx:
        assert await forget_vectors(tx, before=NOW + DAY) == 1, "one a ticket"


async def test_of_many_the_last_ones_are_encoded_first(database: Database):
    encode = Encoder()
    assert await vectors(database, encode, frame(1, 2, 3), most=0) == [b"", b"", b""]
    assert await vectors(database, encode, frame(1, 2, 3), most=2) == [b"", b"Hello 2\n", b"Hello 3\n"]
    assert await vectors(database, encode, frame(1, 2, 3), most=2) == [
        b"Hello 1\n",
        b"Hello 2\n",
        b"Hello 3\n",
    ]


async def test_those_of_old_tickets_are_forgotten(database: Database):
    kept = [
        TextVector(ref=f"a/b#{number}", digest="d", vector=b"v", written_at=NOW - number * DAY)
        for number in range(3)
    ]
    async with database.transaction() as tx:
        await keep_vectors(tx, kept, encoder="v1")
        assert await forget_vectors(tx, before=NOW - DAY) == 1
        digests = {one.ref: "d" for one in kept}
        assert sorted(await known_vectors(tx, digests, encoder="v1")) == ["a/b#0", "a/b#1"]
        assert await known_vectors(tx, digests, encoder="v2") == {}
