"""What a mail brings along: told by name, kind and size, whatever the sender made of them, and read no further."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import default

import pytest

from connectors.kit.mailbox.imap import FetchedMail
from connectors.mail.mapping import mail_from
from incidents.store.database import Database
from incidents.texts.own_words import own_words
from tests.connectors.mail.world import START, MailWorld, mail_settings


def mail_with(*attached: tuple[str, str, bytes], text: str = "See the photo") -> EmailMessage:
    mail = EmailMessage(policy=default.clone(linesep="\r\n"))
    mail["From"], mail["To"], mail["Subject"] = "ada@customer.example", "support@acme.example", "Cannot pay"
    mail.set_content(text)
    for name, kind, data in attached:
        main, _, sub = kind.partition("/")
        mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return mail


def told(data: bytes, *, most_bytes: int = 1_048_576) -> str:
    settings = mail_settings({}, most_bytes=most_bytes)
    fetched = FetchedMail(uid=1, size=len(data), arrived_at=START, data=data[:most_bytes])
    return mail_from(fetched, settings, is_sent=False, now=START).arrival.text


def test_by_name_kind_and_size():
    mail = mail_with(("invoice.pdf", "application/pdf", b"x" * 2048), ("photo.jpg", "image/jpeg", b"x" * 3))
    assert told(mail.as_bytes()) == (
        "See the photo\n\n(Attached: invoice.pdf (application/pdf, 2.0 KB), photo.jpg (image/jpeg, 3 bytes)."
        " See the mailbox.)"
    )


def test_without_any():
    assert told(mail_with().as_bytes()) == "See the photo"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\a.doc", "a.doc"),
        ("R\u00e9sum\u00e9.pdf", "R\u00e9sum\u00e9.pdf"),
        ("a" * 500 + ".exe", "a" * 59 + "\u2026"),
        ("/", "without a name"),
    ],
)
def test_names(name: str, shown: str):
    assert f"(Attached: {shown} (application/pdf, 1 bytes)" in told(
        mail_with((name, "application/pdf", b"x")).as_bytes()
    )


def test_a_name_that_turns_the_line_around():
    """What looks like a picture and is a program is not shown as it wants to look."""
    assert "\u202e" not in told(mail_with(("photo\u202egpj.exe", "application/pdf", b"x")).as_bytes())


def test_many_are_counted():
    mail = mail_with(*((f"{number}.txt", "text/plain", b"x") for number in range(25)))
    text = told(mail.as_bytes())
    assert "9.txt (text/plain, 1 bytes) and 15 more. See the mailbox.)" in text
    assert "10.txt" not in text


def test_a_mail_that_is_not_read_to_its_end():
    """The size of what was cut is not guessed."""
    mail = mail_with(("film.mp4", "video/mp4", b"x" * 200_000))
    text = told(mail.as_bytes(), most_bytes=16_384)
    assert "(Attached: film.mp4 (video/mp4, not read to its end). See the mailbox.)" in text


def test_a_mail_in_the_mail():
    """Named; what it brings along itself is not this mail's."""
    mail = mail_with()
    mail.add_attachment(mail_with(("inner.pdf", "application/pdf", b"x")))
    text = told(mail.as_bytes())
    assert "(Attached: without a name (message/rfc822, " in text
    assert "inner.pdf" not in text


def test_it_is_nobodys_word():
    """A customer who says thanks and attaches a picture has said thanks, and nothing else."""
    mail = mail_with(("photo.jpg", "image/jpeg", b"x"), text="Thank you!")
    assert own_words(told(mail.as_bytes())).strip() == "thank you!"


def test_on_the_ticket(world: MailWorld, database: Database):
    """As the agent reads it, on the first mail."""
    del database
    world.put(mail_with(("invoice.pdf", "application/pdf", b"x")).as_bytes())
    (found,) = world._run(world.desk.tickets(["1"]))
    assert "(Attached: invoice.pdf (application/pdf, 1 bytes). See the mailbox.)" in found.ticket.body
