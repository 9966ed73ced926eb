"""docs/commands.md shows the verbs that there are. `python -m tests.docs.test_commands` writes its table anew."""

from __future__ import annotations

from pathlib import Path

from incidents.commands.help import HELP

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
BEGIN, END = "`python -m tests.docs.test_commands` -->\n", "<!-- end of verbs -->"


def table() -> str:
    """The verbs as the page has them."""
    lines = ["| say | what comes of it | for example |", "|---|---|---|"]
    lines += [f"| `{one.usage}` | {one.does} | `{one.example}` |" for one in HELP]
    return "\n".join([*lines, ""])


def written(page: str) -> str:
    """The page with the table as it should be."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


def test_the_page_has_the_verbs_that_there_are():
    page = PAGE.read_text()
    assert page == written(page), "run: python -m tests.docs.test_commands"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
