"""The tables of the desk of our own, and of how far listening came; part of `incidents.store.schema.tables`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from incidents.store.schema.metadata import Time, metadata
from incidents.store.storable import StorableText as Text

# How far each connection was listened to, in its connector's own words.
listening = Table(
    "listening",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("heard_at", Time, nullable=False),
)

# The last number given, a row a connection: whoever opens a ticket locks it.
desks = Table(
    "desks",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("last_number", Integer, nullable=False, server_default=text("0")),
)
desk_tickets = Table(
    "desk_tickets",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    # What an answer must show to be put on this ticket by number.
    Column("secret", Text, nullable=False),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("requester_name", Text, nullable=False),
    Column("requester_email", Text, nullable=False),
    Column("requester_language", Text, nullable=False, server_default=text("''")),
    Column("is_reachable", Boolean, nullable=False, server_default=text("true")),
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("reopens", Integer, nullable=False, server_default=text("0")),
    Column("parent", Integer),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Column("deleted_at", Time),
)
Index(
    "ix_desk_tickets_connection_updated_at",
    desk_tickets.c.connection,
    desk_tickets.c.updated_at,
    desk_tickets.c.number,
)
# Every message in and out, and every change made by key. `number` is null for what belongs to no ticket.
desk_messages = Table(
    "desk_messages",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("number", Integer),
    Column("kind", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("author_email", Text, nullable=False),
    Column("is_public", Boolean, nullable=False),
    Column("origin", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Time, nullable=False),
    # When it came to the desk, which may be long after it arrived; who asks what is new goes by this.
    Column("kept_at", Time, nullable=False),
    Column("message_id", Text, nullable=False, server_default=text("''")),
    Column("fingerprint", Text),
    Column("once", Text),
    Column("state", Text, nullable=False),
    # What changes on the ticket as soon as the message is sent.
    Column("then_status", Text),
    Column("then_tags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    ForeignKeyConstraint(
        ["connection", "number"], ["desk_tickets.connection", "desk_tickets.number"], ondelete="CASCADE"
    ),
)
Index(
    "uq_desk_messages_connection_fingerprint",
    desk_messages.c.connection,
    desk_messages.c.fingerprint,
    unique=True,
)
Index(
    "uq_desk_messages_connection_number_once",
    desk_messages.c.connection,
    desk_messages.c.number,
    desk_messages.c.once,
    unique=True,
)
Index("ix_desk_messages_connection_message_id", desk_messages.c.connection, desk_messages.c.message_id)
Index(
    "ix_desk_messages_connection_number_kept_at",
    desk_messages.c.connection,
    desk_messages.c.number,
    desk_messages.c.kept_at,
)
