"""Ways into a mailbox: TLS after STARTTLS, access tokens in place of a password; no secret goes where it must not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr, ValidationError

from connectors.kit.fakes.certificates import LoopbackCertificate
from connectors.kit.fakes.loopback import serving
from connectors.kit.mailbox.oauth import OAuthLogin
from connectors.mail import Mail
from connectors.mail.fake.app import ADDRESS, FakeMailServer, MailPorts
from connectors.mail.fake.tokens import CLIENT, CLIENT_SECRET, REFRESH_TOKEN, SERVICE_ACCOUNT, FakeTokens
from incidents.errors import LiaisonError, NotAllowed
from incidents.models import Contact
from incidents.store.database import Database
from incidents.store.desk.desk import StoredDesk
from tests.connectors.mail.test_connector import Writer
from tests.connectors.mail.world import NAME, mail_settings
from tests.contracts.listener import ListeningSourceContract

GOOGLE_SCOPE = "https://mail.google.com/"
JANE = Contact(id="j", name="Jane", email="jane@acme.example")


def mail_of(database: Database, ports: MailPorts, **changes: object) -> Mail:
    where: dict[str, object] = {
        "imap_port": ports.imap,
        "smtp_port": ports.smtp,
        "imap_host": "localhost",
        "smtp_host": "localhost",
    }
    return Mail(NAME, mail_settings(where | changes), desk=StoredDesk(database, NAME))


class TestMailListensAfterStarttls(ListeningSourceContract):
    """All of the contract, on a server that lets nobody in before."""

    @pytest.fixture
    def speaker(self) -> Writer:
        return Writer(FakeMailServer())

    @pytest.fixture
    async def listener(
        self, speaker: Writer, database: Database, certificate: LoopbackCertificate
    ) -> AsyncIterator[Mail]:
        async with speaker.server.serving(certificate, starttls=True) as ports:
            mail = mail_of(
                database,
                ports,
                imap_security="starttls",
                smtp_security="starttls",
                authority_pem=certificate.certificate.read_text(),
            )
            yield mail
            await mail.aclose()

    async def test_it_is_sent(self, listener: Mail, speaker: Writer) -> None:
        assert "sends as" in await listener.check()
        await listener.send(JANE, "Hello", "Text", once="1")
        assert len(speaker.server.mailbox.sent_to(JANE.email)) == 1
        assert speaker.server.commands[0].startswith("STARTTLS") or "STARTTLS" in speaker.server.commands[1]


async def test_starttls_of_a_stranger(database: Database, certificate: LoopbackCertificate) -> None:
    """No password goes to a server whose certificate nobody vouches for."""
    server = FakeMailServer()
    async with server.serving(certificate, starttls=True) as ports:
        mail = mail_of(database, ports, imap_security="starttls", smtp_security="starttls")
        with pytest.raises(LiaisonError):
            await mail.check()
        with pytest.raises(LiaisonError):
            await mail.send(JANE, "x", "y", once="1")
        await mail.aclose()
    assert not [command for command in server.commands if command.startswith(("LOGIN", "AUTHENTICATE"))]


async def test_starttls_that_is_not_offered(database: Database) -> None:
    """Nor to one that does not offer it, or whose offer somebody took away on the line."""
    server = FakeMailServer()
    async with server.serving() as ports:
        mail = mail_of(database, ports, imap_security="starttls", smtp_security="starttls")
        with pytest.raises(LiaisonError):
            await mail.check()
        with pytest.raises(LiaisonError):
            await mail.send(JANE, "x", "y", once="1")
        await mail.aclose()
    assert not [command for command in server.commands if command.startswith(("LOGIN", "AUTHENTICATE"))]
    assert server.mailbox.sent_to(JANE.email) == []


class Provider:
    """A mail server that takes tokens alone, and the one who gives them."""

    def __init__(self) -> None:
        self.mail = FakeMailServer(password="nobody knows it")
        self.tokens = FakeTokens(self._accept)
        self.ports = MailPorts(imap=0, smtp=0)
        self.url = ""

    def _accept(self, token: str) -> None:
        self.mail.token = token

    def login(self, **changes: object) -> OAuthLogin:
        values: dict[str, object] = {
            "token_url": f"{self.url}/token",
            "client_id": CLIENT,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
        }
        return OAuthLogin.model_validate(values | changes)

    def connected(self, database: Database, **changes: object) -> Mail:
        return mail_of(database, self.ports, password=SecretStr(""), oauth=self.login(**changes))


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    async with serving(provider.tokens.app) as provider.url, provider.mail.serving() as provider.ports:
        yield provider


@pytest.mark.parametrize(
    ("changes", "grant"), [({}, "refresh_token"), ({"refresh_token": ""}, "client_credentials")]
)
async def test_one_token_for_reading_and_sending(
    database: Database, provider: Provider, changes: dict[str, object], grant: str
) -> None:
    mail = provider.connected(database, **changes)
    await mail.check()
    await mail.send(JANE, "Hello", "Text", once="1")
    await mail.aclose()
    assert len(provider.mail.mailbox.sent_to(JANE.email)) == 1
    assert provider.tokens.asked == [grant]


@pytest.fixture(scope="module")
def key() -> tuple[str, str]:
    """A service account's private key, and its public half."""
    made = rsa.generate_private_key(65537, 2048)
    private = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = made.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


@pytest.mark.parametrize("subject", [ADDRESS, "boss@acme.example"])
async def test_a_service_account_acts_for_its_mailbox(
    database: Database, provider: Provider, key: tuple[str, str], subject: str
) -> None:
    """Nobody's password and no refresh token is in it, and it gets no token for anybody else."""
    private, provider.tokens.public_key = key
    provider.tokens.delegated = (ADDRESS, GOOGLE_SCOPE)
    service_account = {
        "client_id": SERVICE_ACCOUNT,
        "client_secret": "",
        "refresh_token": "",
        "private_key": private,
        "subject": subject,
        "scope": GOOGLE_SCOPE,
    }
    mail = provider.connected(database, **service_account)
    if subject == ADDRESS:
        await mail.check()
        await mail.send(JANE, "Hello", "Text", once="1")
        assert len(provider.mail.mailbox.sent_to(JANE.email)) == 1
    else:
        with pytest.raises(NotAllowed, match="mail access token") as caught:
            await mail.check()
        assert "PRIVATE" not in str(caught.value)
    await mail.aclose()
    assert len(provider.tokens.asked) == 1


async def test_a_token_that_ended_early_is_replaced_once(database: Database, provider: Provider) -> None:
    """By whichever server refuses it first."""
    mail = provider.connected(database)
    await mail.check()
    provider.mail.token = "another"
    await mail.check()
    assert provider.tokens.given == ["token-1", "token-2"]
    await mail.aclose()
    sender = provider.connected(database)
    await sender.send(JANE, "Hello", "Text", once="1")
    provider.mail.token = "another"
    await sender.aclose()
    await sender.send(JANE, "Hello", "Text", once="2")
    assert len(provider.tokens.given) == 4
    await sender.aclose()


async def test_a_mailbox_that_the_client_may_not_use(database: Database, provider: Provider) -> None:
    """The servers take no token: said after two, and not tried for ever."""
    mail = mail_of(database, provider.ports, user="other@acme.example", password="", oauth=provider.login())
    with pytest.raises(NotAllowed, match="takes no access token for other@acme") as caught:
        await mail.check()
    assert len(provider.tokens.given) == 2
    assert "token-" not in str(caught.value)
    with pytest.raises(NotAllowed, match="the client's rights"):
        await mail.send(JANE, "x", "y", once="1")
    await mail.aclose()


async def test_a_refresh_token_that_was_taken_back(database: Database, provider: Provider) -> None:
    mail = provider.connected(database, refresh_token="old-and-gone")
    with pytest.raises(NotAllowed, match="mail access token") as caught:
        await mail.check()
    assert "old-and-gone" not in str(caught.value)
    assert CLIENT_SECRET not in str(caught.value)
    await mail.aclose()


def test_settings() -> None:
    """A password or a token, and none of it shown or sent in clear."""
    oauth = {"token_url": "https://login.example/token", "client_id": "c", "refresh_token": "hush-hush"}
    settings = mail_settings({}, password="", oauth=oauth)
    assert "hush-hush" not in repr(settings)
    assert settings.former_secret == "hush-hush"
    for changes, says in (
        ({"password": ""}, "give a password, or oauth"),
        ({"password": "p", "oauth": oauth}, "give a password, or oauth"),
        ({"password": "", "oauth": oauth | {"token_url": "http://login.example/token"}}, "must be https"),
        (
            {"password": "", "oauth": {"token_url": "https://x.example", "client_id": "c"}},
            "needs a refresh_token",
        ),
        ({"password": "", "oauth": oauth | {"private_key": "hush-hush", "subject": "a"}}, "not both"),
        ({"password": "", "oauth": oauth | {"private_key": "x", "refresh_token": ""}}, "needs a subject"),
        (
            {
                "password": "",
                "oauth": oauth | {"private_key": "hush-hush", "refresh_token": "", "subject": "a"},
            },
            "cannot sign",
        ),
    ):
        with pytest.raises(ValidationError, match=says) as caught:
            mail_settings({}, **changes)
        assert "hush-hush" not in str(caught.value)
    assert settings.user == ADDRESS
