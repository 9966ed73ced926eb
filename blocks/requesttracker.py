"""Request Tracker, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.requesttracker.connector import RequestTracker
from connectors.requesttracker.settings import RequestTrackerSettings


class RequestTrackerBlock(Block, RequestTrackerSettings):
    """A Request Tracker: tickets, replies, comments, and signed calls of its scrip.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.requesttracker import RequestTrackerBlock

        block = RequestTrackerBlock.load("BLOCK_NAME")
        print(await block.connector("requesttracker/support").check())
        ```
    """

    _block_type_name = "Liaison Request Tracker"
    _block_type_slug = "requesttracker"
    _logo_url = HttpUrl("https://github.com/bestpractical.png")
    _documentation_url = HttpUrl("https://docs.bestpractical.com/rt/5.0.3/RT/REST2.html")

    def connector(self, name: str) -> RequestTracker:
        """The open connection; close it with `aclose`."""
        return RequestTracker(name, self)
