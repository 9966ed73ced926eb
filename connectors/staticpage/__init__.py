"""A status page of our own: static HTML, JSON and Atom in a folder."""

from connectors.staticpage.connector import StaticPage
from connectors.staticpage.settings import StaticPageSettings

__all__ = ["StaticPage", "StaticPageSettings"]
