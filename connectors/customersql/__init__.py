"""Customers out of a database or a CSV file."""

from connectors.customersql.connector import CustomerSql
from connectors.customersql.settings import CustomerSqlSettings

__all__ = ["CustomerSql", "CustomerSqlSettings"]
