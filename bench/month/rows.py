"""Which rows a run is made of in Prefect's database, and an incident in ours."""

from __future__ import annotations

from bench.month.copies import CopiedTable

_TASKS = "(select id from task_run where flow_run_id = any(:runs))"

RUN = (
    CopiedTable(
        table="flow_run",
        where="r.id = any(:runs)",
        keys=("id", "state_id", "parent_task_run_id"),
        told=("idempotency_key",),
    ),
    CopiedTable(table="flow_run_state", where="r.flow_run_id = any(:runs)", keys=("id", "flow_run_id")),
    CopiedTable(table="task_run", where="r.flow_run_id = any(:runs)", keys=("id", "flow_run_id", "state_id")),
    CopiedTable(table="task_run_state", where=f"r.task_run_id in {_TASKS}", keys=("id", "task_run_id")),
    CopiedTable(table="log", where="r.flow_run_id = any(:runs)", keys=("id", "flow_run_id", "task_run_id")),
)
"""`runs` are the runs' ids."""

RUN_EVENTS = (
    CopiedTable(table="events", where="r.id = any(:events)", keys=("id",)),
    CopiedTable(table="event_resources", where="r.event_id = any(:events)", keys=("id", "event_id")),
)
"""`events` are the ids of those that tell of the runs. Their texts keep the original's names, which are as long."""

PAGES = (
    CopiedTable(table="artifact", where="r.key = :key", keys=("id",), told=("key",)),
    CopiedTable(table="artifact_collection", where="r.key = :key", keys=("id", "latest_id"), told=("key",)),
)

_ITS_TICKETS = "(select connection, id from tickets where incident_id = :incident)"

INCIDENT = (
    CopiedTable(table="incidents", where="r.id = :incident", numbers=("id",)),
    CopiedTable(
        table="tickets",
        where="r.incident_id = :incident",
        told=("id", "subject", "requester_id"),
        numbers=("incident_id",),
    ),
    CopiedTable(
        table="effects",
        where="r.incident_id = :incident",
        told=("key", "once", "target", "lane"),
        numbers=("incident_id",),
        expressions={"id": "nextval(pg_get_serial_sequence('effects', 'id'))"},
    ),
    CopiedTable(
        table="timeline",
        where="r.incident_id = :incident",
        numbers=("incident_id",),
        expressions={"id": "nextval(pg_get_serial_sequence('timeline', 'id'))"},
    ),
    CopiedTable(
        table="bindings", where="r.incident_id = :incident", told=("external_id",), numbers=("incident_id",)
    ),
    CopiedTable(
        table="sla_clocks",
        where="r.incident_id = :incident",
        told=("key", "subject"),
        numbers=("incident_id",),
    ),
    CopiedTable(
        table="sla_clocks",
        where=f"(r.connection, r.ticket_id) in {_ITS_TICKETS}",
        told=("key", "subject", "ticket_id"),
    ),
    CopiedTable(
        table="sla_holders",
        where="r.subject in (select ref from tickets where incident_id = :incident)",
        told=("subject",),
    ),
    CopiedTable(
        table="comments_heard",
        where=f"(r.connection, r.ticket_id) in {_ITS_TICKETS}",
        told=("ticket_id",),
    ),
    CopiedTable(
        table="deliveries",
        where="r.id = any(:deliveries)",
        told=("identity",),
        expressions={"id": "nextval(pg_get_serial_sequence('deliveries', 'id'))"},
    ),
)
