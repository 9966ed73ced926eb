"""docs/first-hour.md, typed as it stands there: a newcomer with a mailbox on Debian's Postfix and Dovecot.

The whole of it: `liaison init` at a terminal, `liaison up`, a customer's mail in, the page by mail, the answer to it,
the status page, the end; and `liaison init` once more, which changes nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import smtplib
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import httpx
import pytest

from bench.sandbox import until
from connectors.mail.fake.app import ADDRESS, PASSWORD
from deployments.machine.home import discard_home
from deployments.machine.processes import free_port
from tests.connectors.mail.world import a_mail
from tests.real.mail_servers import Dovecot, dovecot
from tests.real.postfix import postfix
from tests.real.running import HOST
from tests.real.transcript import Session, Terminal, sessions

pytestmark = pytest.mark.real

DOCUMENT = Path(__file__).parents[2] / "docs" / "first-hour.md"
LIAISON = str(Path(sys.executable).with_name("liaison"))
ADA, ANA = "ada@customer.example", "ana@acme.example"


@dataclass
class Newcomer:
    """Their folder and machine, the servers, and the document that they follow."""

    folder: Path
    dovecot: Dovecot
    smtp: int
    environment: dict[str, str]
    gateway: str
    left: list[Session] = field(default_factory=lambda: sessions(DOCUMENT))
    """What of the document they have not typed yet."""

    def next(self, begins: str) -> Session:
        """The next command of the document, which must begin so."""
        session = self.left.pop(0)
        assert session.command.startswith(begins), session.command
        return session

    async def types(self, begins: str) -> str:
        """Run the next command of the document, and read what it prints."""
        words = shlex.split(self.next(begins).command)
        assert words[0] == "liaison"
        return await self.runs(*words[1:])

    async def runs(self, *words: str) -> str:
        program = await asyncio.create_subprocess_exec(
            LIAISON,
            *words,
            cwd=self.folder,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await program.communicate()
        assert program.returncode == 0, out.decode()
        return out.decode()

    def answer(self, session: Session, prompt: str) -> str:
        """What the document types, with the servers of this machine for those of its example."""
        typed = session.typed_at(prompt)
        assert typed is not None, f"the document does not know the prompt {prompt!r}"
        here = {
            "the password": PASSWORD,
            "imap.acme.example": f"{HOST}:{self.dovecot.imap}",
            "smtp.acme.example": f"{HOST}:{self.smtp}",
        }
        return here.get(typed, typed)

    async def mails(self, address: str) -> list[EmailMessage]:
        found = await asyncio.to_thread(self.dovecot.inbox, address)
        return [message_from_bytes(one, policy=default) for one in found]

    async def send(self, sender: str, to: str, data: bytes) -> None:
        """As another server does, which nobody knows here; Postfix and Dovecot take it from there."""

        def work() -> None:
            with smtplib.SMTP(HOST, self.smtp, timeout=20) as smtp:
                smtp.sendmail(sender, [to], data)

        await asyncio.to_thread(work)

    async def until(self, what: str, holds: Callable[[], Awaitable[bool]]) -> None:
        try:
            await until(what, holds, 90, every=0.5)
        except BaseException:
            print(await self.runs("show", "INC-1"))
            raise


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain", "html"))
    return "" if body is None else str(body.get_content())


@pytest.fixture
async def newcomer() -> AsyncIterator[Newcomer]:
    # Short, because a unix socket's path may not be long.
    folder = Path(tempfile.mkdtemp(prefix="first-hour-"))
    gateway = free_port(0)
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "LIAISON_"))
    }
    environment = kept | {
        "LIAISON_HOME": str(folder / "home"),
        # On a machine of their own nobody else would have the usual ones.
        "LIAISON_PREFECT_PORT": str(free_port(0)),
        "LIAISON_GATEWAY_PORT": str(gateway),
    }
    async with dovecot() as mailboxes, postfix(mailboxes, "acme.example") as relay:
        yield Newcomer(folder, mailboxes, relay.port, environment, f"http://{HOST}:{gateway}")
    discard_home(folder / "home")


async def test_the_document_as_it_stands(newcomer: Newcomer):
    await initialised(newcomer)
    async with up(newcomer):
        assert "Ana Silva" in await newcomer.types("liaison oncall")
        assert "✘" not in await newcomer.types("liaison check")
        link = await paged(newcomer)
        await told(newcomer, link)
        await over(newcomer)
        await tried(newcomer)
        await again(newcomer)
    assert newcomer.left == []


async def initialised(newcomer: Newcomer) -> None:
    """At a terminal, by the document's answers; all of its prompts come, and no others."""
    session = newcomer.next("liaison init")
    terminal = Terminal(command=[LIAISON, "init"], environment=newcomer.environment, folder=newcomer.folder)
    code = await asyncio.to_thread(terminal.run, lambda prompt: newcomer.answer(session, prompt))
    assert code == 0, terminal.said
    assert "All is well." in terminal.said
    lines = [*session.lines]
    questions = lines[2 : next(at for at, line in enumerate(lines) if line.startswith("written"))]
    shown = [line for line in questions if line and not line.startswith(("looking at", "seen"))]
    shown += [line for line in lines if line.startswith("Leave it")]
    assert len(terminal.asked) == len(shown), (terminal.asked, shown)
    for line in lines[:2]:
        assert line in terminal.said
    policy = (newcomer.folder / "liaison.yaml").read_text()
    assert PASSWORD not in policy
    assert PASSWORD not in terminal.said
    logs = "".join(log.read_text(errors="replace") for log in (newcomer.folder / "home" / "logs").iterdir())
    assert PASSWORD not in logs
    assert not (newcomer.folder / "home" / "first-hour.json").exists()


@asynccontextmanager
async def up(newcomer: Newcomer) -> AsyncIterator[None]:
    """`liaison up`, as soon as it says so."""
    session = newcomer.next("liaison up")
    program = await asyncio.create_subprocess_exec(
        *(LIAISON, *shlex.split(session.command)[1:]),
        cwd=newcomer.folder,
        env=newcomer.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert program.stdout is not None
    said = ""
    try:
        async with asyncio.timeout(120):
            while "Liaison is up" not in said:
                line = await program.stdout.readline()
                assert line, said
                said += line.decode()
        reading = asyncio.create_task(program.stdout.read())
        yield
    finally:
        program.terminate()
        await program.wait()
    await reading


async def paged(newcomer: Newcomer) -> str:
    """A customer's mail comes in, is an incident, and wakes Ana; the link in her mail."""

    await newcomer.send(
        ADA, ADDRESS, a_mail("I cannot pay.", subject="Checkout fails", message_id="1@customer.example")
    )
    found: list[str] = []

    async def is_woken() -> bool:
        links = [re.search(r"https?://\S+/pages/\S+", text_of(mail)) for mail in await newcomer.mails(ANA)]
        found[:] = [link[0] for link in links if link]
        return bool(found)

    await newcomer.until("Ana is woken", is_woken)
    assert "INC-1" in await newcomer.types("liaison incidents")
    assert "Checkout" in await newcomer.types("liaison show")
    assert f"{newcomer.gateway}/board/enter" in await newcomer.types("liaison board")
    assert found[0].startswith(newcomer.gateway)
    return found[0]


async def told(newcomer: Newcomer, link: str) -> None:
    """She takes it by the link; the customer hears in their own thread, and the public once she says so."""
    async with httpx.AsyncClient(trust_env=False) as browser:
        assert (await browser.get(link)).status_code == 200
        assert (await browser.post(link)).status_code == 200

        async def ada_has_heard() -> bool:
            return any("engineers are working on it" in text_of(mail) for mail in await newcomer.mails(ADA))

        await newcomer.until("Ada has heard", ada_has_heard)
        (mail, *_) = await newcomer.mails(ADA)
        assert "1@customer.example" in str(mail["In-Reply-To"])
        assert str(mail["From"]).startswith("Acme Support <")
        await newcomer.types("liaison approve")

        async def is_public() -> bool:
            page = await browser.get(f"{newcomer.gateway}/status/main/")
            return "Problem with Checkout" in page.text and "Acme status" in page.text

        await newcomer.until("the public can read of it", is_public)
    assert "Problem with Checkout" in (newcomer.folder / "status-page" / "index.html").read_text()


async def over(newcomer: Newcomer) -> None:
    """She answers the page by mail: done. Her word counts, as no probe can look; Ada hears that as well."""
    page = next(mail for mail in await newcomer.mails(ANA) if "/pages/" in text_of(mail))
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = ANA, page["Reply-To"], f"Re: {page['Subject']}"
    answer["In-Reply-To"] = answer["References"] = str(page["Message-ID"])
    answer.set_content("done\n")
    await newcomer.send(ANA, str(page["Reply-To"]), answer.as_bytes())

    async def is_closed() -> bool:
        (found,) = json.loads(await newcomer.runs("incidents", "--json"))
        return str(found["state"]) == "closed"

    await newcomer.until("it is closed", is_closed)

    async def ada_has_heard() -> bool:
        # Nothing of ours looks at this service, so nothing is claimed of a check.
        told = "our engineers tell us that the problem with Checkout is fixed"
        return any(told in " ".join(text_of(mail).split()) for mail in await newcomer.mails(ADA))

    await newcomer.until("Ada has heard that it is fixed", ada_has_heard)
    assert "INC-1" in await newcomer.types("liaison review INC-1")


async def tried(newcomer: Newcomer) -> None:
    """A page that says it is a test, a mail to herself, a look at the page; and Ana has read the first two."""
    assert "woken as a test: Ana Silva by ana-mail; resolved" in await newcomer.types(
        "liaison try roster/main"
    )
    assert "took it for ana@acme.example" in await newcomer.types("liaison try mail/support")
    assert f"{newcomer.gateway}/status/main/" in await newcomer.types("liaison try staticpage/main")

    async def she_has_both() -> bool:
        subjects = [str(mail["Subject"]) for mail in await newcomer.mails(ANA)]
        return "Test by Liaison" in subjects and any(
            one.startswith("TEST, nothing is wrong") for one in subjects
        )

    await newcomer.until("she has read both", she_has_both)


async def again(newcomer: Newcomer) -> None:
    """While it runs: everything is kept, and said."""
    before = (newcomer.folder / "liaison.yaml").read_bytes()
    wanted = newcomer.left[0].lines
    said = await newcomer.types("liaison init --no-input")
    assert "Liaison runs here already" in said
    kept = [re.sub(r"/\S*/", "", line) for line in wanted if line.startswith("kept")]
    assert kept == [re.sub(r"/\S*/", "", line) for line in said.splitlines() if line.startswith("kept")]
    assert (newcomer.folder / "liaison.yaml").read_bytes() == before
