"""A pager without any vendor: rotas of the policy, ways to reach people, pages of our own."""

from connectors.roster.connector import RosterPager
from connectors.roster.settings import RosterSettings

__all__ = ["RosterPager", "RosterSettings"]
