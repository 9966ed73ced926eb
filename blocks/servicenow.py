"""ServiceNow, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.servicenow.connector import ServiceNowHelpdesk
from connectors.servicenow.problems.connector import ServiceNowProblems
from connectors.servicenow.settings import ServiceNowSettings


class ServiceNowBlock(Block, ServiceNowSettings):
    """A table of a ServiceNow instance: incidents or customers' cases; or, by `serves`, problems for the lasting fix.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.servicenow import ServiceNowBlock

        block = ServiceNowBlock.load("BLOCK_NAME")
        print(await block.connector("servicenow/support").check())
        ```
    """

    _block_type_name = "Liaison ServiceNow"
    _block_type_slug = "servicenow"
    _logo_url = HttpUrl("https://github.com/servicenow.png")
    _documentation_url = HttpUrl("https://www.servicenow.com/docs/r/api-reference/rest-apis/c_TableAPI.html")

    def connector(self, name: str) -> ServiceNowHelpdesk | ServiceNowProblems:
        """The open connection; close it with `aclose`."""
        return (
            ServiceNowProblems(name, self) if self.serves == "engineers" else ServiceNowHelpdesk(name, self)
        )
