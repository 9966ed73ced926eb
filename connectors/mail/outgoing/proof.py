"""Whether a mail of ours was sent: then a copy of it, or what an agent's program kept, is in the mailbox."""

from __future__ import annotations

from connectors.kit.mailbox.imap import ImapSession
from connectors.kit.mailbox.listening import folders_of
from connectors.mail.settings import MailSettings


def is_in_mailbox(session: ImapSession, settings: MailSettings, message_id: str) -> bool:
    """Whether a mail with this Message-ID is there; the session is closed then."""
    try:
        for folder in folders_of(session, settings):
            session.open(folder)
            if session.has(message_id):
                return True
    finally:
        session.close()
    return False
