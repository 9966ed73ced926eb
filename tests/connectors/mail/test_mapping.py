"""Hostile and merely odd mail: always an arrival that can be stored, never a crash."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kit.mailbox.body import LONGEST
from connectors.kit.mailbox.imap import FetchedMail
from connectors.kit.mailbox.listening import MailCursor
from connectors.mail.mapping import mail_from
from incidents.desk import Arrival
from incidents.models import Author, Origin
from tests.connectors.mail.world import a_mail, mail_settings

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = mail_settings({})


def read(data: bytes) -> Arrival:
    fetched = FetchedMail(uid=1, size=len(data), arrived_at=NOW, data=data)
    return mail_from(fetched, SETTINGS, is_sent=False, now=NOW).arrival


def require_storable(arrival: Arrival) -> None:
    for text in (
        arrival.subject,
        arrival.text,
        arrival.sender.name,
        arrival.sender.email,
        arrival.message_id,
        *arrival.references,
    ):
        assert "\x00" not in text
        text.encode()
    assert arrival.subject
    assert arrival.text
    assert len(arrival.text) <= LONGEST + 1_500
    assert len(arrival.message_id.encode()) <= 2_000


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"=?utf-8?q?Zahlung_schl=C3=A4gt_fehl?=", "Zahlung schlägt fehl"),
        (b"=?iso-2022-jp?b?GyRCOzBJLCRKJCQbKEI=?=", "三必ない"),
        (b"=?koi8-r?b?7sUg0MzB1MnU?=", "Не платит"),
        (b"=?no-such-charset?q?caf=C3=A9?=", "café"),
        (b"=?utf-8?b?!!!not base64?=", None),
        (b"=?utf-8?q?=ff=fe?=", "\ufffd\ufffd"),
        (b"plain \xc3\xa9 in the raw", None),
        (b"=?utf-8?q?a=0D=0ABcc:_x@y?=", "a Bcc: x@y"),
        (b"", "(no subject)"),
        (b"=?idna?q?" + b"a" * 300 + b"?=", None),
    ],
)
def test_subjects(raw: bytes, subject: str | None) -> None:
    arrival = read(b"From: ada@x.example\r\nSubject: " + raw + b"\r\n\r\nhelp\r\n")
    require_storable(arrival)
    if subject is not None:
        assert arrival.subject == subject


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        ("Content-Type: text/plain; charset=iso-8859-1", b"caf\xe9", "café"),
        ("Content-Type: text/plain; charset=klingon", b"caf\xc3\xa9", "café"),
        ("Content-Type: text/plain; charset=utf-8", b"caf\xe9!", "caf\ufffd!"),
        ("Content-Type: text/html", b"<style>x{}</style><p>Hello</p><p>you</p>", "Hello\nyou"),
        ("Content-Type: multipart/mixed; boundary=x", b"no parts at all", "(no text)"),
        ("Content-Type: multipart/mixed", b"--x\r\n\r\nno boundary", "(no text)"),
        ("Content-Transfer-Encoding: base64", b"aGVsbG8=", "hello"),
        ("Content-Transfer-Encoding: base64", b"aGVs\r\nbG", "hell"),
        ("Content-Transfer-Encoding: base64", b"aGVsb", "hel"),
        ("Content-Transfer-Encoding: no-such", b"hello", "hello"),
        (
            "Content-Type: application/pdf",
            b"%PDF",
            "(no text) (Attached: without a name (application/pdf, 4 bytes). See the mailbox.)",
        ),
        ("Content-Type: ;;;", b"hello", "hello"),
        ("Content-Type: text/plain; charset=utf\0-8", b"caf\xc3\xa9", "café"),
    ],
)
def test_bodies(headers: str, body: bytes, text: str) -> None:
    arrival = read(f"From: ada@x.example\r\n{headers}\r\n\r\n".encode() + body)
    require_storable(arrival)
    assert " ".join(arrival.text.split()) == " ".join(text.split())


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "From: \r\n",
        "From: nobody\r\n",
        "From: <>\r\n",
        "From: a@b@c\r\n",
        "From: (\r\n",
        'From: "x <y>\r\n',
    ],
)
def test_senders_that_are_nobody(sender: str) -> None:
    arrival = read(f"{sender}Subject: x\r\n\r\nhelp\r\n".encode())
    require_storable(arrival)
    assert arrival.author is Author.CUSTOMER


def test_a_part_that_is_an_attachment_is_no_text() -> None:
    data = (
        b"From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nHelp\r\n"
        b"--b\r\nContent-Type: text/plain; name=log.txt\r\nContent-Disposition: attachment\r\n\r\nlines\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner words\r\n--b--\r\n"
    )
    assert read(data).text == (
        "Help\n\n(Attached: log.txt (text/plain, 5 bytes), without a name (message/rfc822, 11 bytes). See the mailbox.)"
    )


def test_a_mail_of_nested_parts() -> None:
    """Deeper than anybody writes: read as far as it is sane to."""
    opening = b"".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n".encode() for n in range(60)
    )
    require_storable(read(b"From: a@x.example\r\n" + opening + b"\r\nhello"))


def test_message_ids_are_bare() -> None:
    """Long ones are folded, in References with tabs; what is no id is left out."""
    arrival = read(
        b"From: a@x.example\r\nMessage-ID:\r\n <long-one@x.example>\r\n"
        b"References: <one@x>\r\n\t<two@x> rubbish <three@x>\r\nIn-Reply-To: Your mail <three@x>\r\n\r\nhelp\r\n"
    )
    assert arrival.message_id == "long-one@x.example"
    assert arrival.references == ("one@x", "two@x", "three@x")


@given(data=st.binary(max_size=2_000))
def test_any_bytes(data: bytes) -> None:
    require_storable(read(data))


@given(start=st.integers(0, 600), length=st.integers(0, 60), filling=st.binary(max_size=30))
def test_a_damaged_mail(start: int, length: int, filling: bytes) -> None:
    mail = a_mail("Grüße", subject="Größe", message_id="a@b", References="<x@y>", Auto_Submitted="no")
    start %= len(mail)
    require_storable(read(mail[:start] + filling + mail[start + length :]))


@given(
    name=st.sampled_from(["From", "Subject", "Message-ID", "References", "Content-Type", "Date", "To"]),
    value=st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=200),
)
def test_any_header(name: str, value: str) -> None:
    require_storable(read(f"{name}: {value}\r\n\r\nhelp".encode()))


@given(text=st.text(max_size=200))
def test_any_cursor(text: str) -> None:
    assert MailCursor.parse(MailCursor.parse(text).text()) == MailCursor.parse(text)


def test_origins_are_told_by_headers() -> None:
    assert read(a_mail("x", Auto_Submitted="no")).origin is Origin.PERSON
    assert read(a_mail("x", Return_Path="<>")).origin is Origin.BOUNCE
