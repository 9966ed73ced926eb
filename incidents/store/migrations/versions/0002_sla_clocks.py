"""SLA clocks, holders, breaches, reports; effects of tickets without an incident

Moments that were told under the old, simpler SLA marks are not known to the clocks that follow them: what is
overdue when this is installed is told once more.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from incidents.store.migrations.losses import refuse_to_lose

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_JSON = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.create_table(
        "sla_clocks",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text()),
        sa.Column("ticket_id", sa.Text()),
        sa.Column("incident_id", sa.BigInteger()),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("target", sa.Interval()),
        sa.Column("warnings", _JSON, nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("running_since", _TIME),
        sa.Column("paused_because", sa.Text()),
        sa.Column("stopped_at", _TIME),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("stretches", _JSON, nullable=False),
        sa.Column("told", _JSON, nullable=False),
        sa.Column("worked", sa.Interval(), nullable=False),
        sa.Column("due_at", _TIME),
        sa.Column("next_moment_at", _TIME),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_sla_clocks_incident_id_incidents")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sla_clocks")),
    )
    op.create_index("ix_sla_clocks_subject", "sla_clocks", ["subject"])
    for column, condition in (
        ("next_moment_at", "next_moment_at is not null"),
        ("due_at", "stopped_at is null and due_at is not null"),
        ("stopped_at", "stopped_at is not null and target is not null"),
    ):
        op.create_index(
            f"ix_sla_clocks_{column}", "sla_clocks", [column], postgresql_where=sa.text(condition)
        )
    op.create_index(
        "ix_sla_clocks_paused",
        "sla_clocks",
        ["started_at"],
        postgresql_where=sa.text("paused_because is not null and target is not null"),
    )
    op.create_table(
        "sla_holders",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "since", name=op.f("pk_sla_holders")),
    )
    op.create_table(
        "sla_breaches",
        sa.Column("clock_key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("target", sa.Interval(), nullable=False),
        sa.Column("breached_at", _TIME, nullable=False),
        sa.Column("recorded_at", _TIME, nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("held", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("clock_key", name=op.f("pk_sla_breaches")),
    )
    op.create_index("ix_sla_breaches_breached_at", "sla_breaches", ["breached_at"])
    op.create_table(
        "reports",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_reports")),
        sa.UniqueConstraint("token", name=op.f("uq_reports_token")),
    )
    op.create_table(
        "report_files",
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report"], ["reports.name"], name=op.f("fk_report_files_report_reports"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("report", "name", name=op.f("pk_report_files")),
    )
    op.drop_column("incidents", "sla_told")
    op.add_column("incidents", sa.Column("sla_fit", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_index(
        "ix_incidents_next_update_at",
        "incidents",
        ["next_update_at"],
        postgresql_where=sa.text("next_update_at is not null"),
    )
    op.create_index(
        "ix_incidents_sla_fit",
        "incidents",
        ["sla_fit"],
        postgresql_where=sa.text("state not in ('closed', 'not_an_incident', 'merged')"),
    )
    op.add_column("tickets", sa.Column("due_at", _TIME))
    op.add_column("tickets", sa.Column("sla_fit", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_index(
        "ix_tickets_sla_fit",
        "tickets",
        ["sla_fit"],
        postgresql_where=sa.text("status not in ('solved', 'closed')"),
    )
    op.alter_column("effects", "incident_id", existing_type=sa.BigInteger(), nullable=True)


def downgrade() -> None:
    refuse_to_lose(revision, ("report_files", "reports", "sla_breaches", "sla_holders", "sla_clocks"))
    # They may be unsent, and what was sent must be known as sent: neither may be lost on the way back.
    unlinked = (
        op.get_bind().execute(sa.text("select count(*) from effects where incident_id is null")).scalar_one()
    )
    if unlinked:
        raise RuntimeError(
            f"{unlinked} effects are about tickets without an incident, which the schema before 0002 cannot hold: "
            "stay at 0002, or restore a backup of before the upgrade"
        )
    op.alter_column("effects", "incident_id", existing_type=sa.BigInteger(), nullable=False)
    op.drop_index("ix_tickets_sla_fit", table_name="tickets")
    op.drop_column("tickets", "sla_fit")
    op.drop_column("tickets", "due_at")
    op.drop_index("ix_incidents_sla_fit", table_name="incidents")
    op.drop_index("ix_incidents_next_update_at", table_name="incidents")
    op.drop_column("incidents", "sla_fit")
    op.add_column(
        "incidents",
        sa.Column("sla_told", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.alter_column("incidents", "sla_told", server_default=None)
    for table in ("report_files", "reports", "sla_breaches", "sla_holders", "sla_clocks"):
        op.drop_table(table)
