"""Where customers are listed, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.customersql.connector import CustomerSql
from connectors.customersql.settings import CustomerSqlSettings


class CustomerSqlBlock(Block, CustomerSqlSettings):
    """Who a customer is, out of a database by configured queries, or out of a CSV file.

    Example:
        ```python
        from blocks.customersql import CustomerSqlBlock

        block = CustomerSqlBlock.load("BLOCK_NAME")
        connector = block.connector("customersql/crm")
        ```
    """

    _block_type_name = "Liaison customer directory"
    _block_type_slug = "customersql"
    _logo_url = HttpUrl("https://www.sqlalchemy.org/img/sqla_logo.png")
    _documentation_url = HttpUrl("https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls")

    def connector(self, name: str) -> CustomerSql:
        """The connection called `name`."""
        return CustomerSql(
            name,
            CustomerSqlSettings(
                **{field: getattr(self, field) for field in CustomerSqlSettings.model_fields}
            ),
        )
