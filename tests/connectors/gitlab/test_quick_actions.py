"""What a customer writes is never done, rendered or told to anybody by GitLab."""

from __future__ import annotations

import pytest

from connectors.gitlab import GitLab
from connectors.gitlab.fake.records import without_quick_actions
from connectors.gitlab.mapping import inert
from incidents.models import InternalText
from tests.connectors.gitlab.conftest import GitLabWorld
from tests.contracts.issue_tracker import NOTE_ONCE, ONCE, TITLE

HOSTILE = (
    "/close",
    "It fails.\n/close\nReally.",
    "It fails.\r\n/close\r\n",
    "It fails.\n\r/close",
    "/CLOSE now",
    "x\n/label ~bug\n/move acme/other\n/confidential",
    "`code\n/close\n",
    "<!--\n/close\n-->",
)


@pytest.mark.parametrize("words", HOSTILE)
async def test_a_line_with_a_slash_does_nothing(
    world: GitLabWorld, tracker: GitLab, key: str, words: str
) -> None:
    """In an issue and in a note: nothing is done, and the line is still there to read."""
    opened = await tracker.open_issue(TITLE, InternalText(words), once=ONCE)
    await tracker.comment(key, InternalText(words), once=NOTE_ONCE)
    assert world.fake.done == []
    assert not (await tracker.read(opened)).is_closed
    assert not (await tracker.read(key)).is_closed
    for kept in (world.issue(opened).description, world.comments(key)[0]):
        assert "\\/" in kept


def test_the_fake_would_do_it() -> None:
    """A text that is sent as it came closes the issue, and the line is gone: the guard has something to guard."""
    assert without_quick_actions("It fails.\r\n/close\r\nReally.") == ("It fails.\nReally.", ["close"])
    assert without_quick_actions("see /close and https://x.example/close") == (
        "see /close and https://x.example/close",
        [],
    )


@pytest.mark.parametrize(
    ("words", "becomes"),
    [
        (
            "@grace @all see #12, !3 and GL-4",
            "@\u2060grace @\u2060all see #\u206012, \\!\u20603 and GL-\u20604",
        ),
        ('~bug ~"not mine" %v2 $5 &6 ^alert#7', None),
        ("[issue:12] acme/shop#7 *iteration:3", None),
        ("<b>x</b> ![i](u) `c` *e* a_b", "\\<b\\>x\\<\\/b\\> \\!\\[i\\](u) \\`c\\` \\*e\\* a\\_b"),
        ("https://acme.example/a/b and 2026/03/01", "https://acme.example/a/b and 2026/03/01"),
        ("/close", "\\/close"),
        ("//close", "\\//close"),
        ("plain words, 14:30, 30 % of them", "plain words, 14:30, 30 % of them"),
    ],
)
def test_customers_words_notify_nobody(words: str, becomes: str | None) -> None:
    """No mention, no reference that shows elsewhere, no HTML, no image that is loaded; addresses stay addresses."""
    if becomes is not None:
        assert inert(words) == becomes
        return
    bare = inert(words).replace("\\", "")
    for sigil in "~%$&^#":
        for at, letter in enumerate(bare[:-1]):
            assert letter != sigil or bare[at + 1] in "\u2060 ", bare
    assert "[issue" not in bare
    assert "*iteration" not in bare


async def test_a_title_notifies_nobody(world: GitLabWorld, tracker: GitLab) -> None:
    """GitLab finds mentions in a title as well, and mails them: `@all` is everybody in the project."""
    opened = await tracker.open_issue("@all see #12, *it* fails", InternalText("Why"), once=ONCE)
    assert world.issue(opened).title == "@\u2060all see #\u206012, *it* fails"
