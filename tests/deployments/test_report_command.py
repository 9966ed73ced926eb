"""`liaison report`: the same figures in a terminal and in a folder, which is all that it writes to."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from deployments.commands.report import MARK, print_report, report, report_files, write_report
from incidents.errors import Refused
from incidents.report_file import CSV, ReportFile
from incidents.store.database import Database
from insights.sla_report.iso_week import IsoWeek
from tests.incidents.store.sla_history import write_history
from tests.insights.sla_report import outcomes

FILES = [ReportFile(name=f"{name}.csv", title="", media_type=CSV, content=b"new") for name in "ab"]


async def test_from_the_store_into_a_folder(database: Database, policy: Path, tmp_path: Path):
    """Tables and pictures of the week that was asked for."""
    async with database.transaction() as tx:
        await write_history(tx, IsoWeek(2026, 30), seed=2, tickets=60, weeks=4)
    found = await report(database, policy, week="2026-W30")
    assert found.attained.counted > 5
    written = write_report(report_files(found), tmp_path / "out" / "deep")
    assert sorted(path.name for path in written.folder.iterdir()) == sorted([MARK, *written.names])
    assert {name.rpartition(".")[2] for name in written.names} == {"png", "csv"}
    assert (written.folder / "sla-2026-W30-trend.png").read_bytes().startswith(b"\x89PNG")


async def test_a_week_that_is_none(database: Database, policy: Path):
    with pytest.raises(Refused, match="write it like 2026-W47"):
        await report(database, policy, week="47")


def test_printed(capsys: pytest.CaptureFixture[str]):
    """Words of customers are words: no markup, no colours of theirs, no line of their own."""
    rows = [
        outcomes.kept(),
        outcomes.missed(tier="[red]x[/] \x1b[31m\n[/nothing]", cause="[bold]Ann[/]: open"),
    ]
    text = StringIO()
    print_report(Console(file=text, width=120), outcomes.report(*rows))
    assert "SLA report 2026-W47: 50 % kept, 1 missed\n" in text.getvalue()
    assert "[red]x[/] [31m [/nothing]" in text.getvalue()
    assert "[bold]Ann[/]: open" in text.getvalue()
    assert "\x1b" not in text.getvalue()


def test_printed_empty():
    text = StringIO()
    print_report(Console(file=text, width=100), outcomes.report())
    assert "SLA report 2026-W47: nothing was due" in text.getvalue()
    assert text.getvalue().count("Nothing.") == 8


def test_our_own_folder_is_filled_again(tmp_path: Path):
    """What we made we may replace."""
    folder = tmp_path / "out"
    write_report(FILES, folder)
    (folder / "a.csv").write_text("old")
    write_report(FILES, folder)
    assert (folder / "a.csv").read_text() == "new"


def test_other_peoples_files_are_not_replaced(tmp_path: Path):
    """Unless they say so; and nothing at all is written before that is clear."""
    (tmp_path / "b.csv").write_text("theirs")
    with pytest.raises(Refused, match=r"has b\.csv already; .* --force"):
        write_report(FILES, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["b.csv"]
    write_report(FILES, tmp_path, force=True)
    assert (tmp_path / "b.csv").read_text() == "new"


def test_a_folder_of_other_files_may_be_added_to(tmp_path: Path):
    """Once: as it is not ours, what we put there is not replaced without a word either."""
    (tmp_path / "other.txt").write_text("theirs")
    write_report(FILES, tmp_path)
    with pytest.raises(Refused):
        write_report(FILES, tmp_path)
    assert (tmp_path / "other.txt").read_text() == "theirs"


def test_a_link_leads_nowhere(tmp_path: Path):
    """It is replaced itself, and what it pointed to stays as it was."""
    outside = tmp_path / "outside.csv"
    outside.write_text("theirs")
    folder = tmp_path / "out"
    write_report(FILES, folder)
    (folder / "a.csv").unlink()
    (folder / "a.csv").symlink_to(outside)
    write_report(FILES, folder)
    assert outside.read_text() == "theirs"
    assert not (folder / "a.csv").is_symlink()


def test_a_link_to_nowhere_counts_as_there(tmp_path: Path):
    (tmp_path / "a.csv").symlink_to(tmp_path / "not-there")
    with pytest.raises(Refused, match=r"has a\.csv already"):
        write_report(FILES, tmp_path)


@pytest.mark.parametrize("where", ["a-file", "a-file/below"])
def test_a_folder_that_cannot_be(tmp_path: Path, where: str):
    """Said with its name and the reason."""
    (tmp_path / "a-file").write_text("theirs")
    with pytest.raises(Refused, match=r"a-file.*: Not a directory"):
        write_report(FILES, tmp_path / where)
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]
