"""PagerDuty: pages the people on call and tells what becomes of the page."""

from connectors.pagerduty.connector import PagerDuty
from connectors.pagerduty.settings import PagerDutySettings

__all__ = ["PagerDuty", "PagerDutySettings"]
