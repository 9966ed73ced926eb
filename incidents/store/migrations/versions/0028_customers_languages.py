"""In which language a customer is told, and by whose clock, where the helpdesk or the mail says so"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_ADDED = (
    ("tickets", "requester_language"),
    ("tickets", "requester_time_zone"),
    ("desk_tickets", "requester_language"),
)


def upgrade() -> None:
    for table, column in _ADDED:
        op.add_column(table, sa.Column(column, sa.Text(), nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    for table, column in reversed(_ADDED):
        op.drop_column(table, column)
