"""Our own tickets to be replayed: with what became of them, and bounded texts."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
from sqlalchemy import update

from incidents.insights.text import LOOKED_AT
from incidents.models import TicketStatus
from incidents.store.database import Database
from incidents.store.past_tickets import COLUMNS, past_tickets
from incidents.store.schema import incidents, tickets
from incidents.store.tickets import save_tickets
from tests.incidents.store.examples import NOW, new_incident, ticket

HOUR = timedelta(hours=1)
