"""What was told by a sentence's wording is a column's value: kinds of timeline entries, who joined a ticket, its name

A worker of the version before goes on beside it: the columns it does not know fill themselves or stay empty. What it
writes meanwhile is read as if nobody knew better: an agent's note as an engineer's, a join as nobody's.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# The sentences as the versions up to 0004 wrote them; nothing else than this migration goes by them.
_AGENTS_NOTES = """
    update timeline set kind = 'ticket_note'
    where kind = 'note' and (
        starts_with(text, actor || ' on ticket #')
        or actor = 'agent' and starts_with(text, 'An agent on ticket #'))
"""
_FIXED_BY_ACTION = """
    update timeline set kind = 'fixed_by_action'
    where kind = 'state' and text like 'The action ''%'' fixed it; nobody was woken'
"""
_ORIGINS = """
    update tickets set link_origin = case
        when starts_with(link_reason, 'learnt from past tickets') then 'learnt'
        when starts_with(link_reason, 'part of a surge') then 'surge'
        when link_reason = 'an agent''s tag says so' then 'agent'
        else 'rule' end
    where incident_id is not null
"""


def upgrade() -> None:
    op.execute(_AGENTS_NOTES)
    op.execute(_FIXED_BY_ACTION)
    op.add_column("tickets", sa.Column("link_origin", sa.Text()))
    op.execute(_ORIGINS)
    op.add_column(
        "tickets",
        sa.Column("ref", sa.Text(), sa.Computed("connection || '#' || id", persisted=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("tickets", "ref")
    op.drop_column("tickets", "link_origin")
    op.execute("update timeline set kind = 'note' where kind = 'ticket_note'")
    op.execute("update timeline set kind = 'state' where kind = 'fixed_by_action'")
