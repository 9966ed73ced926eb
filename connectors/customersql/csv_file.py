"""Reads a CSV file of customers, whole, and again when it has changed."""

from __future__ import annotations

import asyncio
import csv
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from connectors.customersql.mapping import in_our_words, keys_of, says_yes
from connectors.customersql.settings import CustomerFile
from incidents.errors import NotFound, Refused
from incidents.models import Contact
from incidents.texts.plain_text import storable

MOST_ROWS = 1_000_000
_MOST_TOLD = 5


@dataclass(slots=True)
class CustomerTable:
    """Tiers by address and by domain, users by service, and the lines that say nothing, with the reason."""

    by_email: dict[str, str] = field(default_factory=dict)
    by_domain: dict[str, str] = field(default_factory=dict)
    users: dict[str, list[Contact]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


class CustomerCsv:
    """What is answered by one file."""

    def __init__(self, settings: CustomerFile, tiers: Mapping[str, str]) -> None:
        self._settings = settings
        self._tiers = tiers
        self._seen: tuple[int, int, int] | None = None
        self._table = CustomerTable()

    async def tier(self, contact: Contact) -> str | None:
        """By address, else by domain. Raises as `table`."""
        keys = keys_of(contact)
        # A large file takes a second to read.
        table = await asyncio.to_thread(self.table)
        found = table.by_email.get(keys["email"]) or table.by_domain.get(keys["domain"], "")
        return in_our_words(found, self._tiers)

    async def users_of(self, service: str) -> list[Contact]:
        """Each once. Raises as `table`, and `Refused` where no column says it."""
        if self._settings.services is None:
            raise Refused(
                f"{self._settings.path} does not say who uses a service: name a column as csv.services"
            )
        table = await asyncio.to_thread(self.table)
        return list({user.email.casefold(): user for user in table.users.get(service, [])}.values())

    async def describe(self) -> str:
        """How much there is in it, and which lines say nothing."""
        table = await asyncio.to_thread(self.table)
        more = len(table.unread) - _MOST_TOLD
        odd = [*table.unread[:_MOST_TOLD], *([f"{more} more such lines"] if more > 0 else [])]
        return "; ".join([f"{len(table.by_email)} addresses, {len(table.by_domain)} domains", *odd])

    async def aclose(self) -> None:
        """Nothing is open between two looks."""

    def table(self) -> CustomerTable:
        """As the file is now. Raises `NotFound` where it cannot be opened, and `Refused` with the line where it is no
        such file.
        """
        path = self._settings.path
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                stat = os.fstat(file.fileno())
                stamp = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
                if stamp != self._seen:
                    self._table, self._seen = self._read(file), stamp
        except UnicodeDecodeError as error:
            raise Refused(f"{path} is not UTF-8; save it as CSV in UTF-8") from error
        except OSError as error:
            raise NotFound(
                f"{path} cannot be read ({error.strerror}); correct csv.path, or its rights"
            ) from error
        return self._table

    def _read(self, file: Iterator[str]) -> CustomerTable:
        path, settings = self._settings.path, self._settings
        reader = csv.DictReader(file, delimiter=settings.delimiter, strict=True)
        table = CustomerTable()
        try:
            _require_columns(reader.fieldnames or [], settings)
            for number, row in enumerate(reader, start=1):
                if number > MOST_ROWS:
                    raise Refused(f"{path} has more than {MOST_ROWS} customers; use a database")
                _take(table, row, reader.line_num, settings)
        except csv.Error as error:
            raise Refused(f"{path}, after line {reader.line_num}: no CSV ({error})") from error
        return table


def _require_columns(there: object, settings: CustomerFile) -> None:
    known = list(there) if isinstance(there, list) else []
    wanted = [
        settings.tier,
        settings.email,
        settings.domain,
        settings.name,
        settings.services,
        settings.opt_out,
    ]
    missing = [name for name in wanted if name is not None and name not in known]
    if missing:
        listed = ", ".join(map(repr, known[:20])) or "nothing"
        raise Refused(f"{settings.path}, line 1: no column {missing[0]!r}; the heading has {listed}")


def _take(table: CustomerTable, row: Mapping[str | None, object], line: int, settings: CustomerFile) -> None:
    if None in row or None in row.values():
        table.unread.append(f"line {line} has not as many fields as the heading")
        return

    def cell(column: str | None) -> str:
        return storable(str(row[column])).strip() if column is not None else ""

    email, domain, tier = (
        cell(settings.email),
        cell(settings.domain).casefold().lstrip("@"),
        cell(settings.tier),
    )
    if not email and not domain:
        table.unread.append(f"line {line} has neither an address nor a domain")
        return
    for known, key in ((table.by_email, email.casefold()), (table.by_domain, domain)):
        if key and known.setdefault(key, tier) != tier:
            table.unread.append(f"line {line} gives another tier than a line before it, which counts")
    if email:
        contact = Contact(
            id="", name=cell(settings.name), email=email, wishes_no_news=says_yes(cell(settings.opt_out))
        )
        for service in filter(None, (one.strip() for one in cell(settings.services).split(";"))):
            table.users.setdefault(service, []).append(contact)
