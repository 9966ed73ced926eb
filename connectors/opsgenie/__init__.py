"""Opsgenie as a pager, until its end on 5 April 2027."""

from connectors.opsgenie.connector import Opsgenie
from connectors.opsgenie.settings import OpsgenieSettings

__all__ = ["Opsgenie", "OpsgenieSettings"]
