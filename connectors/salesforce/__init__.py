"""Salesforce: cases as a helpdesk, contacts and accounts as a directory of customers."""

from connectors.salesforce.connector import Salesforce
from connectors.salesforce.settings import SalesforceSettings

__all__ = ["Salesforce", "SalesforceSettings"]
