"""ServiceNow: incidents or customers' cases as a helpdesk, with a directory; problems as an issue tracker."""

from connectors.servicenow.connector import ServiceNowHelpdesk
from connectors.servicenow.problems.connector import ServiceNowProblems
from connectors.servicenow.settings import ServiceNowSettings

__all__ = ["ServiceNowHelpdesk", "ServiceNowProblems", "ServiceNowSettings"]
