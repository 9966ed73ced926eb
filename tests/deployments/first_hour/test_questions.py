"""What an answer must be: each is judged at once, with the cure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deployments.commands.first_hour import questions
from deployments.commands.first_hour.on_call import _last_monday
from deployments.commands.first_hour.questions import mail_server, people_of, server_of, slug
from deployments.commands.first_hour.services import query_of

IMAP, SMTP = mail_server("imap"), mail_server("smtp")


@pytest.mark.parametrize(
    ("read", "typed", "cure"),
    [
        (questions.mail_address, "support", "support@acme.example"),
        (questions.mail_address, "Ada <ada@acme.example>", "write one such as"),
        (questions.yes_or_no, "maybe", "write yes or no"),
        (questions.one_of(["mailbox", "zendesk"]), "mailbx", "did you mean 'mailbox'?"),
        (questions.secret, "  ", "copy it again"),
        (questions.titles, " , ", "name at least one"),
        (questions.titles, "Check out, check-out", "make them differ"),
        (questions.people, "ana@acme.example", "Ana Silva <ana@acme.example>"),
        (questions.people, "Ana Silva <ana>", "write name and address"),
        (
            questions.people,
            "Ana Silva <a@x.example>, Ana Silva <b@x.example>, Ana Silva <c@x.example>",
            "twice",
        ),
        (questions.time_zone, "Berlin", "Europe/Berlin"),
        (questions.number(1, 10), "0", "from 1 to 10"),
        (questions.number(1, 10), "three", "from 1 to 10"),
        (questions.public_address, "http://liaison.acme.example", "https://"),
        (questions.public_address, "liaison.acme.example", "https://"),
        (questions.public_address, "https://me:word@liaison.acme.example", "https://"),
        (questions.folder, "/nowhere/at/all", "make it first"),
        (questions.folder, "/", "no place"),
        (questions.colleagues, "ada", "@acme.example for all of a domain"),
        (IMAP, "imap.acme.example:99999", "with its port imap.acme.example:993"),
        (IMAP, "imap.acme.example:1143", "/tls or imap.acme.example:1143/starttls"),
        (IMAP, "imap.acme.example:993/none", "in clear"),
        (SMTP, "support@acme.example", "write the server's name"),
        (query_of, "up", "end it with > or <"),
    ],
)
def test_what_cannot_be_used_is_told_with_the_cure(read: Callable[[str], object], typed: str, cure: str):
    with pytest.raises(ValueError, match=re.escape(cure)):
        read(typed)


@pytest.mark.parametrize(
    ("read", "typed", "server"),
    [
        (IMAP, "imap.acme.example", ("imap.acme.example", 993, "tls")),
        (IMAP, "imap.acme.example:143", ("imap.acme.example", 143, "starttls")),
        (IMAP, "imap.acme.example:1143/tls", ("imap.acme.example", 1143, "tls")),
        (IMAP, "127.0.0.1:1143", ("127.0.0.1", 1143, "none")),
        (IMAP, "localhost:993/tls", ("localhost", 993, "tls")),
        (SMTP, "smtp.acme.example", ("smtp.acme.example", 465, "tls")),
        (SMTP, "smtp.acme.example:587", ("smtp.acme.example", 587, "starttls")),
    ],
)
def test_a_server_is_known_by_its_port(read: Callable[[str], str], typed: str, server: tuple[str, int, str]):
    answer = read(typed)
    assert server_of(answer) == server
    assert read(answer) == answer


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(ValueError, match="somebody else"):
        questions.folder(str(tmp_path / "mine"))
    assert questions.folder(str(tmp_path / "new")) == str(tmp_path / "new")
    assert questions.folder("none") == "none"


def test_people_are_called_by_their_first_names_as_long_as_these_differ():
    found = people_of(
        "Ana Silva <ana@x.example>, Ana Berg <ab@x.example>, Øyvind <o@x.example>, 山田 <y@x.example>"
    )
    assert [one.key for one in found] == ["ana", "ana-berg", "yvind", "person-4"]


def test_names_in_any_script_become_keys():
    assert slug("Größe & Maß", otherwise="x") == "groe-ma"
    assert slug("チェックアウト", otherwise="service-1") == "service-1"


def test_a_limit_at_the_end_of_a_query():
    above = query_of('sum(rate(failed{job="a > b"}[5m])) > 0.5')
    below = query_of('avg(up{job="checkout"}) <1')
    assert (above.value, above.fails_above, above.fails_below) == (
        'sum(rate(failed{job="a > b"}[5m]))',
        0.5,
        None,
    )
    assert (below.value, below.fails_below) == ('avg(up{job="checkout"})', 1.0)


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        (datetime(2026, 11, 30, 7, 59, tzinfo=UTC), "2026-11-23 09:00"),  # 08:59 in Berlin
        (datetime(2026, 11, 30, 8, 0, tzinfo=UTC), "2026-11-30 09:00"),
        (datetime(2026, 12, 6, 23, 30, tzinfo=UTC), "2026-11-30 09:00"),  # Monday, half past midnight there
    ],
)
def test_the_first_hand_over_is_before_now(now: datetime, monday: str):
    assert _last_monday(now, "Europe/Berlin") == monday
