"""The fake organization: records by object, how they refer to each other, and what saving them does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from connectors.salesforce.fake.soql import Select, matches, parse
from connectors.salesforce.rest.ids import check_of

Row = dict[str, Any]
ORGANIZATION = "00D5e000000Abcd" + check_of("00D5e000000Abcd")
BOT_NAME = "liaison@acme.example"
STATUSES = {
    "New": False,
    "Working": False,
    "Escalated": False,
    "Waiting on Customer": False,
    "Solved": True,
    "Closed": True,
}
"""Values of the case's Status, and whether they are closed ones."""
MOST_BYTES = 4_000
_AUDIT = {
    "Id",
    "CreatedDate",
    "CreatedById",
    "LastModifiedDate",
    "LastModifiedById",
    "SystemModstamp",
    "IsDeleted",
}
FIELDS: dict[str, set[str]] = {
    "Case": {
        *(
            "CaseNumber",
            "Subject",
            "Description",
            "Status",
            "IsClosed",
            "ClosedDate",
            "Priority",
            "Origin",
            "OwnerId",
        ),
        *(
            "ContactId",
            "AccountId",
            "SuppliedName",
            "SuppliedEmail",
            "MasterRecordId",
            "ParentId",
            "RecordTypeId",
        ),
        *("Tags__c", "Product__c"),
    },
    "CaseComment": {"ParentId", "CommentBody", "IsPublished", "IsNotificationSelected"},
    "EmailMessage": {
        *(
            "ParentId",
            "Incoming",
            "Status",
            "Subject",
            "TextBody",
            "HtmlBody",
            "FromAddress",
            "FromName",
            "Headers",
        ),
        "MessageDate",
    },
    "User": {"Username", "Name", "UserType", "IsActive", "Email"},
    "Group": {"Name", "Type"},
    "Contact": {"Name", "LastName", "Email", "AccountId", "Newsletter__c"},
    "Account": {"Name", "Tier__c"},
    "RecordType": {"DeveloperName", "Name"},
    "Organization": {"Name", "IsSandbox", "OrganizationType"},
    "Service_User__c": {"Service__c", "Customer__c"},
}
PREFIXES = {
    "Case": "500", "CaseComment": "00a", "EmailMessage": "02s", "User": "005", "Group": "00G", "Contact": "003",
    "Account": "001", "RecordType": "012", "Organization": "00D", "Service_User__c": "a0B",
}  # fmt: skip
_REFERS = {
    "Owner": ("OwnerId", ("User", "Group")), "Contact": ("ContactId", ("Contact",)),
    "Account": ("AccountId", ("Account",)), "CreatedBy": ("CreatedById", ("User",)), "Parent": ("ParentId", ("Case",)),
    "RecordType": ("RecordTypeId", ("RecordType",)), "Customer__r": ("Customer__c", ("Contact",)),
}  # fmt: skip
CHILDREN = {"CaseComments": "CaseComment", "EmailMessages": "EmailMessage"}
_POLYMORPHIC = {"Name", "Type"}


class Refusal(Exception):
    """An answer with an errorCode."""

    def __init__(self, code: str, message: str, *, status: int = 400, fields: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.fields = code, message, status, list(fields)


class FakeOrg:
    """`locked`: cases that a validation rule keeps from changing; `busy_rows`: how often somebody else holds a row;
    `hidden_fields` (`Case.Tags__c`) and `hidden_objects` are not shown to our user; `publishes` and `hides` are
    triggers of the house; `forgets`: fields that a flow sets back; `read_only` (`Case.Status`): what our user may read
    alone; `has_mail`: Email-to-Case is there; `comments_touch`: whether a comment changes its case's own time."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.tables: dict[str, dict[str, Row]] = {name: {} for name in FIELDS}
        self.locked: set[str] = set()
        self.busy_rows = 0
        self.hidden_fields: set[str] = set()
        self.hidden_objects: set[str] = set()
        self.publishes = self.hides = False
        self.forgets: set[str] = set()
        self.read_only: set[str] = set()
        self.has_mail = True
        self.comments_touch = False
        self.cannot_close = False
        self.mailed: list[tuple[str, str]] = []
        """Who was told of a comment by mail: the contact's address and the words."""
        self.on_change: list[Callable[[str, str], None]] = []
        self._count = 0
        self.tables["Organization"][ORGANIZATION] = self._stamped(
            {
                "Id": ORGANIZATION,
                "Name": "Acme",
                "IsSandbox": False,
                "OrganizationType": "Enterprise Edition",
            },
            "",
        )
        self.bot = self.add("User", {"Username": BOT_NAME, "Name": "Liaison", "UserType": "Standard"})
        self.agent = self.add(
            "User", {"Username": "grace@acme.example", "Name": "Grace", "UserType": "Standard"}
        )
        self.queue = self.add("Group", {"Name": "Support", "Type": "Queue"})
        self.support = self.add("RecordType", {"DeveloperName": "Support", "Name": "Support"})

    def new_id(self, name: str) -> str:
        """Counted up, in 18 characters."""
        self._count += 1
        short = f"{PREFIXES[name]}5e{self._count:010d}"
        return short + check_of(short)

    def add(self, name: str, fields: Row, *, by: str = "") -> str:
        """A record as somebody made it, whatever rules there are; its id."""
        own_id = self.new_id(name)
        self.tables[name][own_id] = self._stamped({"Id": own_id, **fields}, by)
        return own_id

    def customer(self, name: str, email: str, *, tier: str = "") -> tuple[str, str]:
        """A contact with an account, and the user of the portal that they are; both ids."""
        account = self.add("Account", {"Name": f"{name} Ltd", "Tier__c": tier or None})
        contact = self.add("Contact", {"Name": name, "LastName": name, "Email": email, "AccountId": account})
        user = self.add("User", {"Username": f"{email}.portal", "Name": name, "UserType": "CspLitePortal"})
        return contact, user

    def case(self, fields: Row, *, by: str = "") -> str:
        """A new case."""
        self._count += 1
        known = {
            "CaseNumber": f"{self._count:08d}", "Status": "New", "IsClosed": False, "ClosedDate": None,
            "Priority": "Medium", "Origin": "Web", "OwnerId": self.queue, "RecordTypeId": self.support,
        }  # fmt: skip
        own_id = self.add("Case", {**known, **fields}, by=by)
        self._told("Case", own_id)
        return own_id

    def comment(self, case: str, words: str, *, by: str, is_published: bool, notifies: bool = False) -> str:
        """Written on a case. Raises `Refusal`."""
        row = self.living(case)
        if len(words.encode()) > MOST_BYTES:
            raise Refusal(
                "STRING_TOO_LONG", f"Comment: data value too large: {words[:20]}", fields=["CommentBody"]
            )
        is_published = (is_published or self.publishes) and not self.hides
        own_id = self.add(
            "CaseComment", {"ParentId": case, "CommentBody": words, "IsPublished": is_published}, by=by
        )
        contact = self.tables["Contact"].get(row.get("ContactId") or "")
        if notifies and is_published and contact:
            self.mailed.append((contact["Email"], words))
        if self.comments_touch:
            row["SystemModstamp"] = self.clock()
        self._told("CaseComment", own_id)
        return own_id

    def mail(
        self, case: str, words: str, *, incoming: bool, sender: str, by: str = "", headers: str = ""
    ) -> str:
        """A mail on a case."""
        own_id = self.add(
            "EmailMessage",
            {
                "ParentId": case, "Incoming": incoming, "Status": "0" if incoming else "3", "TextBody": words,
                "FromAddress": sender, "FromName": sender.partition("@")[0], "Headers": headers,
            },
            by=by,
        )  # fmt: skip
        self._told("EmailMessage", own_id)
        return own_id

    def remove(self, case: str, *, into: str | None = None) -> None:
        """Into the Recycle Bin, with all that hangs on it, but for what a merge gives to the survivor."""
        row = self.tables["Case"][case]
        row |= {"IsDeleted": True, "MasterRecordId": into, "SystemModstamp": self.clock()}
        for name in CHILDREN.values():
            for child in self.tables[name].values():
                if child["ParentId"] == case:
                    child.update({"ParentId": into} if into else {"IsDeleted": True})

    def living(self, case: str) -> Row:
        """Raises `Refusal` for a case that is no more or never was."""
        row = self.tables["Case"].get(case)
        if row is None:
            raise Refusal("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if row["IsDeleted"]:
            raise Refusal("ENTITY_IS_DELETED", "entity is deleted", status=404)
        return row

    def change_case(self, case: str, fields: Row, *, by: str) -> None:
        """Raises `Refusal`."""
        row = self.living(case)
        self.require_writable("Case", fields)
        self.refuse_if_locked(case)
        if self.cannot_close and STATUSES.get(fields.get("Status", ""), False):
            raise Refusal("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Please give a reason.", fields=["Reason"])
        kept = {name: value for name, value in fields.items() if name not in self.forgets}
        if "Status" in kept:
            is_closed = STATUSES.get(kept["Status"], False)
            kept |= {"IsClosed": is_closed}
            if is_closed != row["IsClosed"]:
                kept["ClosedDate"] = self.clock() if is_closed else None
        now = self.clock()
        row |= kept | {"LastModifiedById": by, "LastModifiedDate": now, "SystemModstamp": now}
        self._told("Case", case)

    def refuse_if_locked(self, case: str) -> None:
        """Raises `Refusal`."""
        if self.busy_rows > 0:
            self.busy_rows -= 1
            raise Refusal(
                "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records"
            )
        if case in self.locked:
            raise Refusal(
                "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", status=403
            )

    def require_fields(self, name: str, fields: Iterable[str]) -> None:
        """Raises `Refusal` for one that is not there or not shown."""
        for one in fields:
            if not self.knows(name, one):
                raise Refusal("INVALID_FIELD", f"No such column '{one}' on sobject of type {name}")

    def require_writable(self, name: str, fields: Iterable[str]) -> None:
        """Raises `Refusal`."""
        self.require_fields(name, fields)
        if kept := [one for one in fields if f"{name}.{one}" in self.read_only]:
            message = f"Unable to create/update fields: {', '.join(kept)}."
            raise Refusal("INVALID_FIELD_FOR_INSERT_UPDATE", message, fields=kept)

    def knows(self, name: str, field: str) -> bool:
        """Whether our user is shown this field."""
        return field in FIELDS[name] | _AUDIT and f"{name}.{field}" not in self.hidden_fields

    def found(self, soql: str, *, with_deleted: bool) -> tuple[Select, list[Row]]:
        """The query and its records. Raises `Refusal` and `Malformed`."""
        query = parse(soql)
        return query, self._found(query, query.source, with_deleted=with_deleted)

    def shown(self, query: Select, name: str, row: Row, version: str, *, with_deleted: bool = False) -> Row:
        """As an answer has it: what is referred to as objects of their own."""
        answer: Row = {
            "attributes": {"type": name, "url": f"/services/data/{version}/sobjects/{name}/{row['Id']}"}
        }
        for path in query.fields:
            self._put(answer, name, row, path.split("."))
        for sub in query.subqueries:
            child = CHILDREN[sub.source]
            rows = self._found(sub, child, with_deleted=with_deleted, parent=row["Id"])
            shown = [self.shown(sub, child, one, version) for one in rows]
            answer[sub.source] = {"totalSize": len(shown), "done": True, "records": shown} if shown else None
        return answer

    def value(self, name: str, row: Row | None, path: list[str]) -> Any:
        """What stands at a path. Raises `Refusal`."""
        first, *rest = path
        if not rest:
            if name != "*" and not self.knows(name, first):
                raise Refusal(
                    "INVALID_FIELD", f"\nSELECT ...\n       ^\nNo such column '{first}' on entity '{name}'."
                )
            return None if row is None else row.get(first)
        target, referred = self._referred(name, row, first)
        return self.value(target, referred, rest)

    def _referred(self, name: str, row: Row | None, relation: str) -> tuple[str, Row | None]:
        column, targets = _REFERS.get(relation, ("", ()))
        if not column or not self.knows(name, column):
            raise Refusal("INVALID_FIELD", f"Didn't understand relationship '{relation}' in field path.")
        own_id = None if row is None else row.get(column)
        for target in targets:
            if own_id in self.tables[target]:
                return target if len(targets) == 1 else "*", self._named(target, self.tables[target][own_id])
        return targets[0] if len(targets) == 1 else "*", None

    def _named(self, target: str, row: Row) -> Row:
        return {**row, "Type": "Queue" if target == "Group" else row.get("Type") or target}

    def _put(self, answer: Row, name: str, row: Row, path: list[str]) -> None:
        first, *rest = path
        if not rest:
            answer[first] = wire(self.value(name, row, path))
            return
        target, referred = self._referred(name, row, first)
        self.value(target, referred, rest)
        if referred is None:
            answer[first] = None
            return
        inner = answer.setdefault(first, {"attributes": {"type": "Name" if target == "*" else target}})
        if len(rest) == 1:
            inner[rest[0]] = wire(referred.get(rest[0]))
        else:
            self._put(inner, target, referred, rest)

    def _found(self, query: Select, name: str, *, with_deleted: bool, parent: str | None = None) -> list[Row]:
        if (
            name not in self.tables
            or name in self.hidden_objects
            or (name == "EmailMessage" and not self.has_mail)
        ):
            raise Refusal("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        for sub in query.subqueries:
            if CHILDREN.get(sub.source) in (None, *self.hidden_objects) or (
                sub.source == "EmailMessages" and not self.has_mail
            ):
                raise Refusal(
                    "INVALID_FIELD",
                    f"Didn't understand relationship '{sub.source}' in FROM part of query call.",
                )
            for path in sub.fields:
                self.value(CHILDREN[sub.source], None, path.split("."))
        for path in [
            *query.fields,
            *(one.path for one in query.conditions),
            *(one for one, _ in query.order),
        ]:
            self.value(name, None, path.split("."))
        rows = [
            row
            for row in self.tables[name].values()
            if (with_deleted or not row["IsDeleted"])
            and (parent is None or row.get("ParentId") == parent)
            and all(matches(one, self.value(name, row, one.path.split("."))) for one in query.conditions)
        ]
        for path, is_down in reversed(query.order):
            rows.sort(key=partial(self._place, name, path.split(".")), reverse=is_down)
        return rows[: query.limit]

    def _place(self, name: str, path: list[str], row: Row) -> tuple[bool, Any]:
        """Where a record stands in an order; what has no value comes first."""
        value = self.value(name, row, path)
        return (value is not None, 0 if value is None else value)

    def _stamped(self, row: Row, by: str) -> Row:
        now = self.clock()
        known = {"CreatedDate": now, "CreatedById": by, "LastModifiedDate": now, "LastModifiedById": by}
        return {"IsDeleted": False, **known, "SystemModstamp": now, **row}

    def _told(self, name: str, own_id: str) -> None:
        for told in self.on_change:
            told(name, own_id)


def wire(value: Any) -> Any:
    """Times are told in whole seconds, with a zone without a colon."""
    return value.strftime("%Y-%m-%dT%H:%M:%S.000+0000") if isinstance(value, datetime) else value
