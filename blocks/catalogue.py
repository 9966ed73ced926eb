"""Every vendor we have a block for, found by its file: a new connector adds `blocks/<vendor>.py` and no line here.

Those of other packages are found by their entry points (`blocks.packages`).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, runtime_checkable

from prefect.blocks.core import Block

import blocks
from blocks.packages import blocks_of_packages
from incidents.desk import TicketDesk
from incidents.ports import Connector
from incidents.public_incident import StatusRecord
from incidents.rotas.page_desk import PageDesk
from incidents.rotas.rota import Roster

_NOT_VENDORS = frozenset({"catalogue", "connect", "packages"})


@runtime_checkable
class ConnectorBlock(Protocol):
    """A block that can make its vendor's connector."""

    def connector(self, name: str) -> Connector:
        """The connection called `name`, not opened yet."""
        ...


@runtime_checkable
class DeskBlock(Protocol):
    """A block whose connector needs a desk of our own, as its vendor keeps no tickets."""

    def connector_at(self, name: str, desk: TicketDesk) -> Connector:
        """The connection called `name`, not opened yet, with its tickets on this desk."""
        ...


@runtime_checkable
class RecordBlock(Protocol):
    """A block whose connector needs a record of our own, as there is nobody else to keep what it says."""

    def connector_from(self, name: str, record: StatusRecord) -> Connector:
        """The connection called `name`, not opened yet, with what it says kept in this record."""
        ...


@runtime_checkable
class PageDeskBlock(Protocol):
    """A block whose connector needs a desk for pages of our own and the policy's rotas, as its vendor keeps neither."""

    def connector_paging(
        self, name: str, desk: PageDesk, roster: Callable[[], Roster], key: str
    ) -> Connector:
        """The connection called `name`, not opened yet, with its pages on this desk."""
        ...


def _found() -> dict[str, type[Block]]:
    """The block of each vendor's module, by the vendor's name.

    Raises ImportError, with the file and the cure, for a module without exactly one block of that name.
    """
    found: dict[str, type[Block]] = {}
    for vendor in sorted(module.name for module in iter_modules(blocks.__path__)):
        if vendor in _NOT_VENDORS:
            continue
        module = import_module(f"blocks.{vendor}")
        own = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Block) and value.__module__ == module.__name__
        ]
        if len(own) != 1 or own[0].get_block_type_slug() != vendor:
            raise ImportError(f"blocks/{vendor}.py must have one block, with _block_type_slug = {vendor!r}")
        found[vendor] = own[0]
    return found


OWN_BLOCKS: dict[str, type[Block]] = _found()
"""Those of this repository."""
_PACKAGES, LEFT_OUT = blocks_of_packages(OWN_BLOCKS, (ConnectorBlock, DeskBlock, RecordBlock, PageDeskBlock))
BLOCKS: dict[str, type[Block]] = {**OWN_BLOCKS, **_PACKAGES}
"""All of them. `LEFT_OUT` says why a package's connector is not among them."""
