"""PagerDuty's settings, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.pagerduty import PagerDuty, PagerDutySettings


class PagerDutyBlock(Block, PagerDutySettings):
    """Pages the people on call and hears what becomes of the page.

    Example:
        ```python
        from blocks.pagerduty import PagerDutyBlock

        block = PagerDutyBlock.load("BLOCK_NAME")
        pagerduty = block.connector("pagerduty/main")
        ```
    """

    _block_type_name = "Liaison PagerDuty"
    _block_type_slug = "pagerduty"
    _logo_url = HttpUrl("https://avatars.githubusercontent.com/u/766800")
    _documentation_url = HttpUrl("https://developer.pagerduty.com/docs/")

    def connector(self, name: str) -> PagerDuty:
        """The connection called `name`."""
        return PagerDuty(name, self)
