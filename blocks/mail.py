"""A mailbox's settings, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.mail.connector import Mail
from connectors.mail.settings import MailSettings
from incidents.desk import TicketDesk


class MailBlock(Block, MailSettings):
    """A mailbox that customers write to: read by IMAP, answered by SMTP, its tickets kept by Liaison.

    Example:
        ```python
        from blocks.mail import MailBlock

        block = MailBlock.load("BLOCK_NAME")
        print(block.address)
        ```
    """

    _block_type_name = "Liaison mailbox"
    _block_type_slug = "mail"
    _logo_url = HttpUrl("https://github.com/dovecot.png")
    _documentation_url = HttpUrl("https://www.rfc-editor.org/rfc/rfc3501")

    def connector_at(self, name: str, desk: TicketDesk) -> Mail:
        """The connection called `name`, its tickets on this desk."""
        return Mail(name, self, desk=desk)
