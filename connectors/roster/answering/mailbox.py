"""What an operator tells us about the mailbox where pages are answered."""

from __future__ import annotations

from pydantic import Field

from connectors.kit.mailbox.settings import MailboxSettings


class ReplyMailbox(MailboxSettings):
    """A mailbox where answers to pages arrive; keeps `connectors.kit.mailbox.access.WatchedMailbox`."""

    address: str = Field(description="The address that pages are answered to: oncall@acme.example.")
    folder: str = Field(default="INBOX", min_length=1, description="The folder where answers arrive.")
    plus_addressing: bool = Field(
        default=False,
        description="Whether oncall+anything@acme.example arrives here too; then answers find their page by it.",
    )

    @property
    def sent_folder(self) -> None:
        """What we sent is no answer."""
        return

    @property
    def first_days(self) -> int:
        """Answers to pages from before we listened are too old to do anything."""
        return 0

    @property
    def mark_read(self) -> bool:
        """The mailbox stays as it is."""
        return False

    @property
    def most_bytes(self) -> int:
        """A first line, and the mail it answers to."""
        return 65_536

    @property
    def look_seconds(self) -> float:
        """Where the server tells nothing by itself."""
        return 15.0
