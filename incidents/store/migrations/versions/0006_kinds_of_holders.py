"""Who has a ticket or an incident is a kind of holder, no longer told by how the holder is named

A worker of the version before goes on beside it; of the holders it writes meanwhile the kind is unknown.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Named as the versions up to 0005 did; nothing else than this migration goes by it.
_KINDS = """
    update sla_holders set holder_kind = case
        when holder = 'nobody' then 'nobody'
        when subject ~ '^INC-[0-9]+$' then case when holder like '%, paged' then 'team' else 'person' end
        when starts_with(holder, 'group ') then 'group'
        else 'person' end
"""


def upgrade() -> None:
    op.add_column(
        "sla_holders",
        sa.Column("holder_kind", sa.Text(), server_default=sa.text("'unknown'"), nullable=False),
    )
    op.execute(_KINDS)


def downgrade() -> None:
    op.drop_column("sla_holders", "holder_kind")
