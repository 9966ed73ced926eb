"""A mailbox as a helpdesk: mail in, tickets of our own, mail out."""

from connectors.mail.connector import Mail
from connectors.mail.settings import MailSettings

__all__ = ["Mail", "MailSettings"]
