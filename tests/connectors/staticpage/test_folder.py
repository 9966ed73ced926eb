"""The folder: each file whole or not at all, never a stranger's, and written again when it is lost."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.staticpage.folder import MARKER
from deployments.machine.home import PRIVATE_UMASK
from incidents.errors import NotAllowed, Unknown, Unreachable
from incidents.models import PublicText, Severity
from incidents.public_incident import PublicState
from tests.connectors.staticpage.conftest import World

FILES = {"index.html", "history.html", "status.json", "atom.xml"}


async def opened(world: World, once: str = "1") -> str:
    return await world.page().open(
        PublicText("Problem"), PublicText("We see it."), Severity.HIGH, services=["Checkout"], once=once
    )


def content(world: World) -> dict[str, bytes]:
    return {name: (world.folder / name).read_bytes() for name in FILES}


async def test_a_lost_folder_is_written_whole(world: World) -> None:
    """Deleted, or a file cut short by somebody: the next look mends it, byte for byte, and says so."""
    await opened(world)
    before = content(world)
    shutil.rmtree(world.folder)
    assert await world.page().restore()
    assert content(world) == before
    (world.folder / "index.html").write_text("<html>half")
    (world.folder / "status.json").unlink()
    assert "written anew: status.json, index.html" in await world.page().check()
    assert content(world) == before
    assert not await world.page().restore()


async def test_what_the_public_cannot_read_was_not_said(world: World) -> None:
    """A look-up goes by the folder, so that what was recorded and not written is sent again."""
    made = await opened(world)
    shutil.rmtree(world.folder)
    assert await world.page().find("1") is None
    assert not await world.page().was_done(made, "1")
    (world.folder.parent / "status").mkdir()
    (world.folder / "status.json").write_text("{}")
    with pytest.raises(Unknown):
        await world.page().find("1")


async def test_a_strangers_folder_is_left_alone(world: World) -> None:
    """Files that are not ours: told, and every one of them is still there as it was."""
    world.folder.mkdir()
    (world.folder / "index.html").write_text("My diary")
    with pytest.raises(NotAllowed, match=r"index\.html.*nothing is written"):
        await opened(world)
    assert [one.name for one in world.folder.iterdir()] == ["index.html"]
    assert world.text() == "My diary"
    # What was said is recorded: in another folder it is there at once.
    (world.folder / "index.html").unlink()
    await world.page().restore()
    assert "We see it." in world.text()


async def test_another_pages_folder(world: World) -> None:
    """Of another connection, or of another installation: told by name."""
    await opened(world)
    before = content(world)
    with pytest.raises(NotAllowed, match=r"folder of staticpage/main of the installation"):
        await world.page("staticpage/other").check()
    marker = json.loads(world.text(MARKER))
    (world.folder / MARKER).write_text(json.dumps(marker | {"installation": "ffffff"}))
    with pytest.raises(NotAllowed, match="installation ffffff"):
        await opened(world, "2")
    assert content(world) == before


async def test_a_file_system_without_locks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as NFS without its lock daemon: told as what it is."""

    def none_left(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none_left)
    with pytest.raises(Unreachable, match="cannot be written: No locks available"):
        await world.page().check()


@pytest.mark.parametrize("said", ["", "{", "[]", "{}", "null", '{"connection": "staticpage/main"}'])
async def test_a_marker_that_says_nothing(world: World, said: str) -> None:
    """Nobody knows whose it is: told, nothing written."""
    await opened(world)
    before = content(world)
    (world.folder / MARKER).write_text(said)
    with pytest.raises(NotAllowed, match="cannot be read"):
        await opened(world, "2")
    assert content(world) == before


async def test_other_files_beside_ours_stay(world: World) -> None:
    """A logo, a robots.txt: once the folder is ours, what an operator adds is theirs."""
    await opened(world)
    (world.folder / "robots.txt").write_text("User-agent: *")
    await opened(world, "2")
    assert world.text("robots.txt") == "User-agent: *"


async def test_what_a_dead_writer_left_goes(world: World) -> None:
    """Its half file was never under a name that anybody reads."""
    await opened(world)
    (world.folder / ".liaison-new-abc").write_text("half")
    await opened(world, "2")
    assert not list(world.folder.glob(".liaison-new-*"))


async def test_a_reader_sees_a_whole_file_at_any_moment(world: World) -> None:
    """Each time a file is about to take its place, the four that are there are whole ones."""
    made = await opened(world)
    seen: list[bool] = []

    def look(new: Path) -> None:
        now = content(world)
        seen.append(
            now["index.html"].endswith(b"</html>\n")
            and now["atom.xml"].endswith(b"</feed>\n")
            and bool(json.loads(now["status.json"]))
            and new.stat().st_size > 0
        )

    world.replacing(look)
    await world.page().post_update(made, PublicText("More."), PublicState.MONITORING, once="2")
    assert seen == [True] * 3  # the history has not changed


@pytest.fixture
def private_umask() -> Iterator[None]:
    """As `liaison up` gives it to the worker."""
    before = os.umask(PRIVATE_UMASK)
    yield
    os.umask(before)


@pytest.mark.usefixtures("private_umask")
async def test_anybody_can_read_the_files(world: World) -> None:
    """A web server is another user, and must come into a folder that we made; nobody else may write."""
    await opened(world)
    assert oct(world.folder.stat().st_mode & 0o777) == "0o755"
    assert {oct((world.folder / name).stat().st_mode & 0o777) for name in FILES} == {"0o644"}


async def test_a_folder_that_nobody_else_may_enter(world: World) -> None:
    """An operator's stays as it is; `liaison check` tells, also of one above, unless the gateway shows the page."""
    world.folder.mkdir(mode=0o700)
    assert f"not everybody may enter {world.folder}: " in await world.page().check()
    assert "may enter" not in await world.page(served=True).check()
    world.folder.chmod(0o755)
    world.folder.parent.chmod(0o750)
    assert f"not everybody may enter {world.folder.parent}: " in await world.page().check()


async def test_two_writers_at_once(world: World) -> None:
    """The last one to write has all that was said, whoever of them that is."""
    made = await opened(world)
    await asyncio.gather(
        *(
            world.page().post_update(made, PublicText(f"word {n}"), PublicState.INVESTIGATING, once=str(n))
            for n in range(2, 10)
        )
    )
    assert {said["text"] for said in world.json()["incidents"][0]["updates"]} >= {
        f"word {n}" for n in range(2, 10)
    }


async def test_no_place_for_the_folder(world: World) -> None:
    """The folder above is not there: told, and none is made up."""
    with pytest.raises(NotAllowed, match="make the folder"):
        await world.page(folder=str(world.folder / "a" / "b")).check()
    world.folder.write_text("a file")
    with pytest.raises((NotAllowed, Unreachable)):
        await world.page().check()
    assert world.folder.read_text() == "a file"
