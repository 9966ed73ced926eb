"""Models are kept with their versions: one champion, the way back, and nothing unpickled that is not as it was."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import pickle
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import update

from incidents.errors import NotFound, Stale
from incidents.policy.insights import InsightKind
from incidents.store.database import Database
from incidents.store.schema.tables import insight_models
from insights.learning import CannotLearn
from insights.store.models import (
    KEPT,
    ModelState,
    NewModel,
    champion,
    models_of,
    promote,
    read_content,
    reject,
    roll_back,
    save_model,
)
from insights.training.packed import Packed, packed, signing_key, unpacked
from tests.insights.training.test_card import CARD

ROUTING = InsightKind.ROUTING
KEY = signing_key("the key of a test's installation")


@dataclass(frozen=True)
class Toy:
    """A model that knows its number."""

    number: int
    format: int = 3


@dataclass(frozen=True)
class Other:
    format: int = 3


async def kept(tx, number=1, label="service"):
    return await save_model(
        tx, NewModel(kind=ROUTING, label=label, card=CARD, content=packed(Toy(number), key=KEY))
    )


async def promoted(tx, number=1, label="service"):
    present = await champion(tx, ROUTING, label)
    model = await kept(tx, number, label)
    await promote(tx, model, over=present.id if present else None)
    return model


async def states(tx, label="service"):
    return {model.id: model.state.value for model in await models_of(tx, ROUTING, label)}


async def test_a_challenger_becomes_the_champion_and_the_one_before_is_retired(database: Database):
    async with database.transaction() as tx:
        assert await champion(tx, ROUTING, "service") is None
        first = await kept(tx)
        assert await states(tx) == {first: "challenger"}
        await promote(tx, first, over=None)
        second = await promoted(tx, 2)
        other = await promoted(tx, 3, "group")
        assert await states(tx) == {second: "champion", first: "retired"}
        assert await states(tx, "group") == {other: "champion"}
        found = await champion(tx, ROUTING, "service")
    assert found is not None
    assert (found.id, found.card, found.value, found.examples) == (second, CARD, 0.91, 12_345)


async def test_back_to_the_one_before_and_the_bad_one_does_not_come_again(database: Database):
    async with database.transaction() as tx:
        first, second, third = [await promoted(tx, number) for number in (1, 2, 3)]
        assert (await roll_back(tx, ROUTING, "service")).id == second
        assert await states(tx) == {third: "rejected", second: "champion", first: "retired"}
        fourth = await promoted(tx, 4)
        assert (await roll_back(tx, ROUTING, "service")).id == second
        assert (await roll_back(tx, ROUTING, "service")).id == first
        with pytest.raises(NotFound, match=r"no earlier model of routing service.*insights.routing.mode"):
            await roll_back(tx, ROUTING, "service")
        assert await states(tx) == {
            fourth: "rejected",
            third: "rejected",
            second: "rejected",
            first: "champion",
        }


async def test_two_that_are_promoted_at_once_take_turns_and_the_second_was_judged_against_another(
    database: Database,
):
    async with database.transaction() as tx:
        first, second = await kept(tx), await kept(tx, 2)

    async def promotes(model: int) -> None:
        async with database.transaction() as tx:
            await promote(tx, model, over=None)

    ends = await asyncio.gather(promotes(first), promotes(second), return_exceptions=True)
    assert sorted(type(end) for end in ends if end is not None) == [Stale]
    async with database.transaction() as tx:
        assert sorted((await states(tx)).values()) == ["challenger", "champion"]


async def test_old_ones_are_forgotten_but_never_the_champion(database: Database):
    async with database.transaction() as tx:
        champions = [await promoted(tx, number) for number in range(KEPT + 3)]
        for number in range(KEPT + 3):
            await reject(tx, await kept(tx, number))
        found = await models_of(tx, ROUTING, "service")
    by_state = [model.state for model in found]
    assert by_state.count(ModelState.RETIRED) == by_state.count(ModelState.REJECTED) == KEPT
    assert [model.id for model in found if model.state is ModelState.CHAMPION] == champions[-1:]


async def test_what_is_not_there_is_said(database: Database):
    async with database.transaction() as tx:
        for ask in (read_content(tx, 7), promote(tx, 7, over=None), reject(tx, 7)):
            with pytest.raises(NotFound, match="no model 7"):
                await ask


async def test_a_model_comes_back_as_it_was(database: Database):
    async with database.transaction() as tx:
        content = await read_content(tx, await kept(tx, 42))
    assert unpacked(content, Toy, key=KEY) == Toy(42)


async def test_a_damaged_one_is_not_unpickled(database: Database):
    async with database.transaction() as tx:
        model = await kept(tx)
        await tx.execute(update(insight_models).values(content=pickle.dumps(Toy(2))))
        content = await read_content(tx, model)
    with pytest.raises(CannotLearn, match=r"damaged, or signed with another LIAISON_KEY: go back"):
        unpacked(content, Toy, key=KEY)


class Malice:
    """Unpickled, it runs code: here one that fails the test."""

    def __reduce__(self) -> tuple[object, ...]:
        return pytest.fail, ("it was unpickled",)


UNSIGNED = pickle.dumps(Malice())


@pytest.mark.parametrize(
    ("signature", "why"),
    [
        (
            hashlib.sha256(UNSIGNED).hexdigest(),
            "is not signed, as those of an older Liaison are: run the flow",
        ),
        (
            "hmac-sha256:" + hmac.digest(b"", b"3:" + UNSIGNED, "sha256").hex(),
            "signed with another LIAISON_KEY",
        ),
        ("hmac-sha256:" + hmac.digest(KEY, UNSIGNED, "sha256").hex(), "signed with another LIAISON_KEY"),
        ("", "is not signed"),
    ],
    ids=["a checksum", "another key", "another format", "nothing"],
)
def test_what_is_not_signed_by_this_installation_is_not_unpickled(signature: str, why: str):
    """Whoever can write to the store, or had it restored from a file of his own, runs nothing with that."""
    with pytest.raises(CannotLearn, match=why):
        unpacked(Packed(format=3, signature=signature, data=UNSIGNED), Toy, key=KEY)


def test_models_of_another_installation_are_refused():
    other = signing_key("another operator's key")
    with pytest.raises(CannotLearn, match="run the flow `train`"):
        unpacked(packed(Toy(1), key=other), Toy, key=KEY)


@pytest.mark.parametrize("missing", [None, ""])
def test_without_a_key_nothing_is_signed(missing: str | None):
    with pytest.raises(CannotLearn, match="LIAISON_KEY is not set"):
        signing_key(missing)


GOOD = packed(Toy(1), key=KEY)
TORN = GOOD.data[:-5]


@pytest.mark.parametrize("number", [2, 4], ids=["older", "newer"])
def test_another_versions_model_is_refused_with_the_cure(number):
    with pytest.raises(
        CannotLearn, match=rf"has format {number}, this Liaison reads 3: run the flow `train`"
    ):
        unpacked(replace(GOOD, format=number), Toy, key=KEY)


def test_another_kinds_model_is_refused():
    with pytest.raises(CannotLearn, match="is a Toy, not a Other"):
        unpacked(GOOD, Other, key=KEY)


def test_one_that_these_libraries_cannot_read_is_refused():
    """A class that has moved, or a pickle of another version: whatever it fails with, the rules take over."""
    signature = "hmac-sha256:" + hmac.digest(KEY, b"3:" + TORN, "sha256").hex()
    torn = replace(GOOD, data=TORN, signature=signature)
    with pytest.raises(CannotLearn, match="cannot be read with these versions of libraries"):
        unpacked(torn, Toy, key=KEY)
