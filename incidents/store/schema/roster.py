"""The tables of pages of our own; part of `incidents.store.schema.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY

from incidents.store.schema.metadata import Time, metadata
from incidents.store.storable import StorableText as Text

roster_pages = Table(
    "roster_pages",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("connection", Text, nullable=False),
    # What it was made with; the same again is the same page.
    Column("key", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("text", Text, nullable=False),
    # Ours, a line each: apart from the text, which is customers' and has none.
    Column("links", Text, nullable=False),
    Column("status", Text, nullable=False),
    # Who changed the status last; "" for ourselves.
    Column("changed_by", Text, nullable=False, server_default=text("''")),
    Column("made_at", Time, nullable=False),
    Column("changed_at", Time, nullable=False),
    UniqueConstraint("connection", "key"),
)
# Each attempt to reach somebody, in the order of `position`. Without `due_at` it waits for the one before.
roster_notices = Table(
    "roster_notices",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("page_id", BigInteger, ForeignKey("roster_pages.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("wait_seconds", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_at", Time),
    Column("lease_until", Time),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("settled_at", Time),
    Column("detail", Text, nullable=False, server_default=text("''")),
    # What an answer to somebody's mail says; "" for notices that say what their page does.
    Column("said", Text, nullable=False, server_default=text("''")),
    # Those of several recipients of one way who got it, by their hashed addresses; the next attempt leaves them out.
    Column("reached", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    UniqueConstraint("page_id", "position"),
)
Index(
    "ix_roster_notices_due_at",
    roster_notices.c.due_at,
    postgresql_where=text("state in ('waiting', 'sending')"),
)
roster_notes = Table(
    "roster_notes",
    metadata,
    Column("page_id", BigInteger, ForeignKey("roster_pages.id", ondelete="CASCADE"), primary_key=True),
    Column("once", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("at", Time, nullable=False),
)
# What people did by a link or a mail, in the order in which it was committed.
roster_acts = Table(
    "roster_acts",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("page_id", BigInteger, ForeignKey("roster_pages.id", ondelete="CASCADE"), nullable=False),
    Column("change", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("text", Text, nullable=False, server_default=text("''")),
    Column("at", Time, nullable=False),
)
Index("ix_roster_acts_connection_id", roster_acts.c.connection, roster_acts.c.id)
# Mails that answered a notice, so that one that is read twice is acted on once.
roster_replies = Table(
    "roster_replies",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("page_id", BigInteger, ForeignKey("roster_pages.id", ondelete="CASCADE"), nullable=False),
    Column("at", Time, nullable=False),
)
roster_feeds = Table(
    "roster_feeds",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("fetched_at", Time),
    Column("tried_at", Time, nullable=False),
    Column("trouble", Text, nullable=False, server_default=text("''")),
)
