"""Every vendor we have a block for. A new connector adds its line here, and nothing in flows or tasks."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from prefect.blocks.core import Block

from blocks.http import HttpBlock
from blocks.pagerduty import PagerDutyBlock
from blocks.slack import SlackBlock
from blocks.zendesk import ZendeskBlock
from incidents.ports import Connector

BLOCKS: dict[str, type[Block]] = {
    "zendesk": ZendeskBlock,
    "pagerduty": PagerDutyBlock,
    "slack": SlackBlock,
    "http": HttpBlock,
}


@runtime_checkable
class ConnectorBlock(Protocol):
    """A block that can make its vendor's connector."""

    def connector(self, name: str) -> Connector:
        """The connector for these settings. `name` is the connection's, for its errors and its tickets' names."""
        ...
