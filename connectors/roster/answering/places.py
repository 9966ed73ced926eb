"""How far the roster's listener has come: in what people did, and in the mailbox where they answer."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field

from connectors.kit.fields import record, text
from connectors.kit.mailbox.listening import MailCursor
from connectors.kit.strict_json import parse_json
from incidents.errors import Unrecognised


@dataclass(frozen=True, kw_only=True, slots=True)
class RosterCursor:
    """`act` is the id of the last act that was heard."""

    act: int = 0
    mail: MailCursor = field(default_factory=MailCursor)

    @classmethod
    def parse(cls, cursor: str | None) -> RosterCursor:
        """A number alone is that of the acts, as it was before there were mails. What cannot be read counts as never
        heard, which costs a second look and loses nothing."""
        if cursor is None:
            return cls()
        if _is_an_act(cursor):
            return cls(act=int(cursor))
        document = {}
        with suppress(Unrecognised):
            document = record(parse_json(cursor.encode()))
        act = text(document.get("act"))
        return cls(act=int(act) if _is_an_act(act) else 0, mail=MailCursor.parse(text(document.get("mail"))))

    def text(self) -> str:
        """As the store keeps it."""
        if not self.mail.places:
            return str(self.act)
        return json.dumps({"act": str(self.act), "mail": self.mail.text()})


def _is_an_act(number: str) -> bool:
    return number.isascii() and number.isdigit() and len(number) < 19
