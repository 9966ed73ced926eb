"""Icinga 2: whether a service fails by its checks, what fires there, acknowledgements and downtimes."""

from connectors.icinga2.connector import Icinga2
from connectors.icinga2.settings import Icinga2Settings

__all__ = ["Icinga2", "Icinga2Settings"]
