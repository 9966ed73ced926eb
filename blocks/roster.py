"""The roster's settings, kept by Prefect."""

from __future__ import annotations

from collections.abc import Callable

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.roster.connector import RosterPager
from connectors.roster.settings import RosterSettings
from incidents.rotas.page_desk import PageDesk
from incidents.rotas.rota import Roster


class RosterBlock(Block, RosterSettings):
    """A pager without any vendor: ways to reach people, whose rotas stand in the policy.

    Example:
        ```python
        from blocks.roster import RosterBlock

        block = RosterBlock.load("BLOCK_NAME")
        print(sorted(block.ways))
        ```
    """

    _block_type_name = "Liaison roster"
    _block_type_slug = "roster"
    _logo_url = HttpUrl("https://github.com/caronc.png")
    _documentation_url = HttpUrl("https://github.com/caronc/apprise/wiki")

    def connector_paging(
        self, name: str, desk: PageDesk, roster: Callable[[], Roster], key: str
    ) -> RosterPager:
        """The connection called `name`, its pages on this desk, by these rotas, its links signed with this key."""
        return RosterPager(name, self, desk=desk, roster=roster, key=key)
