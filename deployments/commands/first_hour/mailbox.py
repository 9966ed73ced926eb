"""The mailbox that customers write to: what is asked, what is guessed from the address, and the block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from pydantic import SecretStr, ValidationError

from blocks.mail import MailBlock
from connectors.kit.mailbox.access import require_a_certificate
from deployments.commands.first_hour.answers import AnswerError, SetupAnswers
from deployments.commands.first_hour.questions import (
    NO,
    YES,
    SetupQuestion,
    colleagues,
    mail_address,
    mail_server,
    required,
    secret,
    server_of,
    yes_or_no,
)
from deployments.commands.first_hour.vendors import Prepared

NAME = "mail/support"


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """Where a provider's mailboxes are, and what its users must know before they try."""

    imap: str
    smtp: str
    hint: str = ""
    has_plus: bool = False


_GMAIL = Provider(
    imap="imap.gmail.com",
    smtp="smtp.gmail.com",
    hint="Gmail wants an app password here (Google account, Security, 2-Step Verification, App passwords).",
    has_plus=True,
)
_MICROSOFT = Provider(
    imap="outlook.office365.com",
    smtp="smtp.office365.com:587",
    hint="Microsoft takes no passwords any more: stop here, and save the connection with `oauth` as"
    " connectors/mail/README.md tells.",
    has_plus=True,
)
PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    dict.fromkeys(("gmail.com", "googlemail.com"), _GMAIL)
    | dict.fromkeys(("outlook.com", "hotmail.com", "live.com"), _MICROSOFT)
)
"""By the address' domain."""


@dataclass(frozen=True, kw_only=True)
class MailSender:
    """Who sends our mail: to people on call as well."""

    address: str
    user: str
    password: SecretStr
    server: tuple[str, int, str]
    """Host, port, and how it is spoken to."""

    def way_to(self, address: str) -> SecretStr:
        """The Apprise address by which this person gets mail (https://github.com/caronc/apprise/wiki/Notify_email)."""
        host, port, security = self.server
        login = f"{quote(self.user, safe='')}:{quote(self.password.get_secret_value(), safe='')}@"
        schema, mode = {
            "tls": ("mailtos", "ssl"),
            "starttls": ("mailtos", "starttls"),
            "none": ("mailto", "insecure"),
        }[security]
        query = f"smtp={host}&mode={mode}&from={quote(self.address)}&to={quote(address)}"
        return SecretStr(f"{schema}://{login}{host}:{port}?{query}")


def ask_mailbox(answers: SetupAnswers, *, with_authority: bool = False) -> tuple[Prepared, MailSender]:
    """The connection, and who sends our mail. `with_authority`: its servers' certificates are a private authority's.

    Raises `AnswerError` where the answers do not go together.
    """
    address = answers.ask(
        SetupQuestion(
            key="mail.address",
            text="The address that customers write to",
            hint="Liaison reads this mailbox by IMAP and answers by SMTP. It marks nothing read and deletes nothing.",
            read=mail_address,
        )
    )
    domain = address.rpartition("@")[2].casefold()
    provider = PROVIDERS.get(domain, Provider(imap=f"imap.{domain}", smtp=f"smtp.{domain}"))
    user = answers.ask(
        SetupQuestion(key="mail.user", text="Who logs in there", default=address, read=required)
    )
    password = answers.ask(
        SetupQuestion(
            key="mail.password",
            text="The password (it is kept in Prefect's block, nowhere else)",
            hint=provider.hint,
            is_secret=True,
            read=secret,
        )
    )
    imap = answers.ask(
        SetupQuestion(
            key="mail.imap",
            text="The server to read from (IMAP)",
            default=provider.imap,
            read=mail_server("imap"),
        )
    )
    smtp = answers.ask(
        SetupQuestion(
            key="mail.smtp",
            text="The server to send by (SMTP)",
            default=provider.smtp,
            read=mail_server("smtp"),
        )
    )
    imap_server, smtp_server = (
        server_of(mail_server(kind)(one)) for kind, one in (("imap", imap), ("smtp", smtp))
    )
    authority = _authority(answers) if with_authority or answers.has("mail.authority") else ""
    sender_name = answers.ask(
        SetupQuestion(
            key="mail.sender_name", text="The name that customers see beside the address", default="Support"
        )
    )
    ours = answers.ask(
        SetupQuestion(
            key="mail.colleagues",
            text="Colleagues' addresses by commas, or @acme.example for all of a domain",
            hint="Whose mail is no customer's: colleagues who answer in this mailbox.",
            default="",
            read=colleagues,
        )
    )
    plus = answers.ask(
        SetupQuestion(
            key="mail.plus",
            text=f"Does mail to {address.replace('@', '+anything@')} arrive here, too",
            hint="If it does, answers find their ticket by it, and who is on call can answer a page by mail.",
            default=YES if provider.has_plus else NO,
            read=yes_or_no,
        )
    )
    try:
        block = MailBlock(
            address=address,
            sender_name=sender_name,
            user=user,
            password=SecretStr(password),
            imap_host=imap_server[0],
            imap_port=imap_server[1],
            imap_security=imap_server[2],
            smtp_host=smtp_server[0],
            smtp_port=smtp_server[1],
            smtp_security=smtp_server[2],
            agents=[one.strip() for one in ours.split(",") if one.strip()],
            plus_addressing=plus == YES,
            authority_pem=authority,
        )
    except ValidationError as error:
        said = "; ".join(one["msg"] for one in error.errors(include_url=False, include_input=False))
        raise AnswerError(f"the mailbox: {said}") from None
    sender = MailSender(address=address, user=user, password=SecretStr(password), server=smtp_server)
    return Prepared(name=NAME, block=block), sender


def _authority(answers: SetupAnswers) -> str:
    file = answers.ask(
        SetupQuestion(
            key="mail.authority",
            text="The file with the authority's certificate (PEM); Enter for none",
            hint="The server's certificate is signed by an authority that this machine does not know.",
            default="",
            read=_certificate,
        )
    )
    return Path(file).read_text(encoding="utf-8") if file else ""


def _certificate(text: str) -> str:
    file = Path(text.strip()).expanduser().resolve()
    try:
        require_a_certificate(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from error
    return str(file)


def ask_sender(answers: SetupAnswers) -> MailSender:
    """Who sends mail to people on call, where there is no mailbox of customers'."""
    address = answers.ask(
        SetupQuestion(
            key="smtp.address",
            text="The address that pages are sent from",
            hint="People on call are woken by mail (and, if you like, by their phones). By which mail server?",
            read=mail_address,
        )
    )
    domain = address.rpartition("@")[2].casefold()
    server = answers.ask(
        SetupQuestion(
            key="smtp.server",
            text="The server to send by (SMTP)",
            default=PROVIDERS[domain].smtp if domain in PROVIDERS else f"smtp.{domain}",
            read=mail_server("smtp"),
        )
    )
    user = answers.ask(
        SetupQuestion(key="smtp.user", text="Who logs in there", default=address, read=required)
    )
    password = answers.ask(
        SetupQuestion(key="smtp.password", text="The password", is_secret=True, read=secret)
    )
    return MailSender(
        address=address,
        user=user,
        password=SecretStr(password),
        server=server_of(mail_server("smtp")(server)),
    )
