"""A delivery of each common sender, in the shape its documentation (named in the preset's file) gives it."""

from __future__ import annotations

from typing import Any

FRESHDESK = {
    "freshdesk_webhook": {
        "ticket_id": 4711,
        "ticket_subject": "Cannot pay",
        "ticket_description": "<div>The card form spins for ever.</div>",
        "ticket_url": "https://acme.freshdesk.com/helpdesk/tickets/4711",
        "ticket_tags": "payments, vip",
        "ticket_latest_public_comment": "",
        "ticket_group_name": "Payments",
        "ticket_agent_name": "Grace",
        "ticket_requester_name": "Ada",
        "ticket_requester_email": "ada@example.com",
        "ticket_status": "Waiting on Customer",
        "ticket_priority": "High",
        "ticket_source": "Email",
        "triggered_event": "{ticket_action:created}",
    }
}
FRESHDESK_ANSWER = {
    "ticket_id": "4711",
    "ticket_status": "Open",
    "ticket_subject": "Cannot pay",
    "comment": {"by": "customer", "text": "It is still broken."},
}
ZAMMAD = {
    "ticket": {
        "id": 81,
        "number": "10081",
        "title": "Cannot pay",
        "state": "pending reminder",
        "state_id": 3,
        "priority": {"id": 2, "name": "2 normal"},
        "group": {"id": 1, "name": "Users"},
        "customer": {"id": 9, "firstname": "Ada", "lastname": "Lovelace", "email": "ada@example.com"},
        "owner": {"id": 3, "login": "grace@example.com"},
        "created_at": "2026-03-02T09:00:00.123Z",
        "updated_at": "2026-03-02T09:29:30.456Z",
        "escalation_at": None,
        "create_article_type": "email",
    },
    "article": {
        "id": 104,
        "body": "They wait for the bank.",
        "internal": True,
        "sender": "Agent",
        "from": "Grace",
        "created_at": "2026-03-02T09:29:00.000Z",
    },
}
INTERCOM = {
    "type": "notification_event",
    "app_id": "aaaaaa",
    "id": "notif_5f0e",
    "topic": "conversation.user.replied",
    "created_at": 1772443800,
    "data": {
        "type": "notification_event_data",
        "item": {
            "type": "conversation",
            "id": "147",
            "created_at": 1772442000,
            "updated_at": 1772443770,
            "state": "open",
            "open": True,
            "priority": "priority",
            "admin_assignee_id": 814860,
            "team_assignee_id": None,
            "source": {
                "type": "email",
                "subject": "Cannot pay",
                "body": "<p>The card form spins for ever.</p>",
                "author": {"type": "user", "id": "c9", "name": "Ada", "email": "ada@example.com"},
            },
            "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": "c9"}]},
            "tags": {"type": "tag.list", "tags": [{"type": "tag", "id": "1", "name": "payments"}]},
            "conversation_parts": {
                "type": "conversation_part.list",
                "conversation_parts": [
                    {
                        "type": "conversation_part",
                        "id": "269",
                        "part_type": "comment",
                        "body": "<p>It is still broken.</p>",
                        "created_at": 1772443770,
                        "author": {"type": "user", "id": "c9", "name": "Ada"},
                    }
                ],
            },
        },
    },
}
HELPSCOUT = {
    "id": 123,
    "number": 15473,
    "type": "email",
    "status": "active",
    "subject": "Cannot pay",
    "preview": "The card form spins for ever.",
    "mailboxId": 85,
    "assignee": {"id": 256, "first": "Grace", "email": "grace@example.com"},
    "createdBy": {"id": 12, "type": "customer", "email": "ada@example.com"},
    "createdAt": "2026-03-02T09:00:00Z",
    "userUpdatedAt": "2026-03-02T09:29:30Z",
    "tags": [{"id": 9150, "color": "#929499", "tag": "payments"}],
    "primaryCustomer": {"id": 238604, "first": "Ada", "last": "Lovelace", "email": "ada@example.com"},
    "_embedded": {
        "threads": [
            {
                "id": 1001,
                "type": "note",
                "body": "They wait for the bank.",
                "createdAt": "2026-03-02T09:29:30Z",
                "createdBy": {"id": 256, "type": "user", "first": "Grace"},
            }
        ]
    },
    "_links": {"web": {"href": "https://secure.helpscout.net/conversation/123"}},
}
FRONT = {
    "type": "inbound_received",
    "authorization": {"id": "cmp_1"},
    "payload": {
        "id": "evt_55c8c149",
        "type": "inbound",
        "emitted_at": 1772443770.123,
        "conversation": {
            "id": "cnv_1jaufv",
            "subject": "Cannot pay",
            "status": "unassigned",
            "assignee": None,
            "recipient": {"handle": "ada@example.com", "role": "from", "name": "Ada"},
            "tags": [{"id": "tag_1", "name": "payments"}],
            "created_at": 1772442000.5,
        },
        "target": {
            "_meta": {"type": "message"},
            "data": {
                "id": "msg_1q15qmtq",
                "type": "email",
                "is_inbound": True,
                "created_at": 1772443770.0,
                "text": "It is still broken.",
            },
        },
    },
}
CHATWOOT = {
    "event": "message_created",
    "id": 12345,
    "content": "It is still broken.",
    "created_at": "2026-03-02T09:29:30.000Z",
    "message_type": "incoming",
    "private": False,
    "sender": {"id": 9, "name": "Ada", "type": "contact", "email": "ada@example.com"},
    "inbox": {"id": 1, "name": "Shop"},
    "account": {"id": 1, "name": "Acme"},
    "conversation": {
        "id": 567,
        "status": "open",
        "channel": "Channel::WebWidget",
        "labels": ["payments"],
        "priority": "high",
        "created_at": 1772442000,
        "meta": {
            "sender": {"id": 9, "name": "Ada", "email": "ada@example.com"},
            "assignee": {"name": "Grace"},
        },
        "messages": [{"id": 12345, "content": "It is still broken."}],
    },
}
SERVICENOW = {
    "record": {
        "sys_id": "9c573169c611228700193229fff72400",
        "number": "INC0000015",
        "state": "3",
        "short_description": "Cannot pay",
        "description": "The card form spins for ever.",
        "sys_mod_count": "7",
        "opened_at": "2026-03-02 09:00:00",
        "sys_updated_on": "2026-03-02 09:29:30",
        "sla_due": "",
        "caller_id": "681ccaf9c0a8016400b98a06818d57c7",
        "caller_name": "Ada",
        "assigned_to": "",
        "assignment_group": "Payments",
        "priority": "2",
        "reassignment_count": "1",
        "reopen_count": "0",
        "contact_type": "email",
    },
    "comment": {
        "sys_id": "j1",
        "element": "work_notes",
        "value": "They wait for the bank.",
        "sys_created_on": "2026-03-02 09:29:30",
        "sys_created_by": "grace",
        "by": "agent",
    },
}
JIRA = {
    "timestamp": 1772443770456,
    "webhookEvent": "comment_created",
    "issue": {
        "id": "10002",
        "key": "PAY-12",
        "fields": {
            "summary": "Cannot pay",
            "status": {"name": "Waiting for support", "statusCategory": {"id": 4, "key": "indeterminate"}},
            "priority": {"name": "High"},
            "project": {"id": "1", "key": "PAY", "name": "Payments"},
            "reporter": {"accountId": "qm:1", "displayName": "Ada", "emailAddress": "ada@example.com"},
            "assignee": None,
            "labels": ["payments"],
            "components": [{"id": "7", "name": "Checkout"}],
            "created": "2026-03-02T09:00:00.000+0000",
            "updated": "2026-03-02T09:29:30.456+0000",
        },
    },
    "comment": {
        "id": "43735",
        "body": "It is still broken.",
        "created": "2026-03-02T09:29:30.000+0000",
        "jsdPublic": True,
        "author": {"accountId": "qm:1", "displayName": "Ada", "accountType": "customer"},
    },
}
GITHUB = {
    "action": "created",
    "repository": {"id": 1, "name": "shop", "full_name": "acme/shop"},
    "issue": {
        "number": 12,
        "title": "Cannot pay",
        "body": "The card form spins for ever.",
        "state": "open",
        "user": {"id": 9, "login": "ada"},
        "labels": [{"id": 1, "name": "payments"}, {"id": 2, "name": "bug"}],
        "assignee": None,
        "created_at": "2026-03-02T09:00:00Z",
        "updated_at": "2026-03-02T09:29:30Z",
        "html_url": "https://github.com/acme/shop/issues/12",
    },
    "comment": {
        "id": 492700400,
        "body": "It is still broken.",
        "created_at": "2026-03-02T09:29:30Z",
        "author_association": "NONE",
        "user": {"login": "ada"},
    },
}
GITLAB_ISSUE = {
    "object_kind": "issue",
    "event_type": "issue",
    "user": {"id": 1, "name": "Ada", "username": "ada"},
    "project": {"id": 1, "name": "Shop", "path_with_namespace": "acme/shop"},
    "object_attributes": {
        "id": 301,
        "iid": 23,
        "title": "Cannot pay",
        "description": "The card form spins for ever.",
        "state": "opened",
        "severity": "high",
        "author_id": 51,
        "created_at": "2026-03-02 09:00:00 UTC",
        "updated_at": "2026-03-02 09:29:30 UTC",
        "url": "https://gitlab.example.com/acme/shop/-/issues/23",
    },
    "labels": [{"id": 206, "title": "payments"}],
    "assignees": [{"name": "Grace", "username": "grace"}],
}
GITLAB_NOTE = {
    "object_kind": "note",
    "event_type": "note",
    "user": {"id": 42, "name": "Grace", "username": "grace"},
    "project": {"id": 1, "name": "Shop", "path_with_namespace": "acme/shop"},
    "object_attributes": {
        "id": 1241,
        "note": "They wait for the bank.",
        "noteable_type": "Issue",
        "internal": True,
        "created_at": "2026-03-02 09:29:30 UTC",
        "updated_at": "2026-03-02 09:29:30 UTC",
        "url": "https://gitlab.example.com/acme/shop/-/issues/23#note_1241",
    },
    "issue": {
        "id": 92,
        "iid": 23,
        "title": "Cannot pay",
        "description": "The card form spins for ever.",
        "state": "closed",
        "author_id": 51,
        "created_at": "2026-03-02T09:00:00.000Z",
        "labels": [{"id": 206, "title": "payments"}],
    },
}
LINEAR = {
    "action": "update",
    "type": "Issue",
    "createdAt": "2026-03-02T09:29:30.000Z",
    "webhookTimestamp": 1772443770000,
    "url": "https://linear.app/acme/issue/PAY-12",
    "data": {
        "id": "2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9",
        "identifier": "PAY-12",
        "title": "Cannot pay",
        "description": "The card form spins for ever.",
        "priority": 2,
        "priorityLabel": "High",
        "creatorId": "u-9",
        "state": {"id": "s1", "name": "In Progress", "type": "started"},
        "team": {"id": "t1", "key": "PAY", "name": "Payments"},
        "assignee": {"id": "u-3", "name": "Grace"},
        "labels": [{"id": "l1", "name": "payments"}],
        "createdAt": "2026-03-02T09:00:00.000Z",
        "updatedAt": "2026-03-02T09:29:30.000Z",
    },
}


def alerts(**more: Any) -> dict[str, Any]:
    """Alertmanager's version 4; Grafana's is the same with `version: "1"` and a few fields more."""
    down = {
        "status": "firing",
        "labels": {"alertname": "ServiceDown", "service": "payments", "severity": "critical", "team": "pay"},
        "annotations": {"summary": "payments is down", "description": "No answer for 5 minutes."},
        "startsAt": "2026-03-02T09:29:00.000Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example.com/graph",
        "fingerprint": "39c757562aedef64",
    }
    over = {
        **down,
        "status": "resolved",
        "fingerprint": "a2c757562aedef00",
        "startsAt": "2026-03-02T09:10:00.000Z",
        "endsAt": "2026-03-02T09:29:00.000Z",
    }
    return {
        "receiver": "liaison",
        "status": "firing",
        "alerts": [down, over],
        "groupLabels": {"alertname": "ServiceDown"},
        "commonLabels": {"alertname": "ServiceDown"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.com",
        "version": "4",
        "groupKey": '{}:{alertname="ServiceDown"}',
        "truncatedAlerts": 0,
        **more,
    }
