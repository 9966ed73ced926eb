"""Any team's own Prefect deployment as a remedy."""

from connectors.prefect.connector import PrefectActions
from connectors.prefect.settings import PrefectSettings

__all__ = ["PrefectActions", "PrefectSettings"]
