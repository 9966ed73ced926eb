"""Services out of `catalog-info.yaml` files."""

from connectors.catalogfile.connector import CatalogFile
from connectors.catalogfile.settings import CatalogFileSettings

__all__ = ["CatalogFile", "CatalogFileSettings"]
