"""A look at the two servers of a mailbox, with our login: what is there, and whether we may send. Sends nothing."""

from __future__ import annotations

from connectors.kit.mailbox.imap import ImapSession, open_session
from connectors.kit.mailbox.listening import folders_of
from connectors.kit.mailbox.oauth import MailTokens
from connectors.kit.mailbox.threads import in_thread
from connectors.mail.outgoing.smtp import SmtpSender
from connectors.mail.settings import MailSettings


async def look_at_servers(settings: MailSettings, tokens: MailTokens, smtp: SmtpSender) -> str:
    """The folders, whether new mail is told at once, and as whom we may send. Raises `incidents.errors`, each with the
    cure."""
    session = await open_session(settings, tokens)
    looked_at = await in_thread(_look, session, settings)
    await smtp.check()
    return f"{looked_at}; sends as {settings.address} by {settings.smtp_host}"


def _look(session: ImapSession, settings: MailSettings) -> str:
    try:
        folders = folders_of(session, settings)
        mails = session.open(folders[0]).mails
        for sent in folders[1:]:
            session.open(sent)
        tells = "tells of new mail at once (IDLE)" if "IDLE" in session.capabilities else "no IDLE: is polled"
    finally:
        session.close()
    sent_folder = f", sent mail in {folders[1]!r}" if len(folders) > 1 else ", no folder of sent mail"
    return f"{settings.user} at {settings.imap_host}: {mails} mails in {folders[0]!r}{sent_folder}; {tells}"
