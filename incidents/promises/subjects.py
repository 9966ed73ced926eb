"""What is promised to, held or told of, by the name that people and the store have for it."""

from __future__ import annotations

from incidents.models import IncidentRef, SubjectRef, TicketRef


def subject_ref(name: str) -> SubjectRef:
    """The ref that is written so by `str`; no connection's name has a `#`."""
    connection, is_ticket, ticket_id = name.partition("#")
    if is_ticket:
        return TicketRef(connection=connection, id=ticket_id)
    return IncidentRef(number=int(name.removeprefix("INC-")))
