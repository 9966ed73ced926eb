"""The fake Jira's REST interface, versions 2 and 3: as much of it as connectors and common clients speak.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/. Cloud has both versions, Data Center has 2.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.kit.atlassian.documents import text_of
from connectors.kit.atlassian.site import Edition
from connectors.kit.fakes.jira import shapes
from connectors.kit.fakes.jira.projects import Answer, FakeProjects
from connectors.kit.fakes.jira.shapes import error
from connectors.kit.fakes.jira.site import OWN_ID, TRANSITIONS, FakeSite, SiteIssue

EMAIL, TOKEN = "liaison@acme.example", "fake-jira-token"
MOST = 100
_CLAUSE = re.compile(r'(?P<field>\w+)\s*(?P<is>=|>=)\s*(?P<value>"[^"]*"|[\w()-]+)')


class FakePlatform:
    """Routes on one site. `is_expired`: our token is no more good, and reads as the public may, where the site
    `is_public`; `lacks_scope` answers 401 to writes."""

    def __init__(self, site: FakeSite) -> None:
        self.site = site
        self.is_expired = False
        self.is_public = False
        self.lacks_scope = False

    def routes(self) -> list[Route]:
        """All paths, each behind the login."""
        known: list[tuple[str, Answer, str]] = [
            ("myself", self._myself, "GET"),
            *FakeProjects(self.site).paths(),
            ("search", self._search, "GET"),
            ("search/jql", self._search_by_token, "GET"),
            ("search/jql", self._search_by_token, "POST"),
            ("issue", self._create, "POST"),
            ("issue/{key}", self._read, "GET"),
            ("issue/{key}", self._edit, "PUT"),
            ("issue/{key}/comment", self._comments, "GET"),
            ("issue/{key}/comment", self._comment, "POST"),
            ("issue/{key}/comment/{id}", self._read_comment, "GET"),
            ("issue/{key}/comment/{id}", self._delete_comment, "DELETE"),
            ("comment/{id}/properties/{name}", self._set_property, "PUT"),
            ("issue/{key}/transitions", self._transitions, "GET"),
            ("issue/{key}/transitions", self._transition, "POST"),
        ]
        versions = ("2", "3") if self.site.edition is Edition.CLOUD else ("2",)
        return [
            Route(f"/rest/api/{version}/{path}", self.guarded(_versioned(answer, version)), methods=[method])
            for version in versions
            for path, answer, method in known
        ]

    def guarded(self, answer: Answer) -> Answer:
        """Who shows the wrong token is refused; one that is no more good reads as the public may."""

        async def guarded(request: Request) -> Response:
            is_known = request.headers.get("authorization") == self._expected() and not self.is_expired
            request.state.is_known = is_known
            if not is_known and not self.is_public:
                return error(401, "Client must be authenticated to access this resource.")
            if not is_known and request.method != "GET":
                return error(401, "You do not have the permission to see the specified issue.")
            if self.lacks_scope and request.method != "GET":
                return JSONResponse({"code": 401, "message": "Unauthorized; scope does not match"}, 401)
            return await answer(request)

        return guarded

    def _expected(self) -> str:
        if self.site.edition is Edition.DATA_CENTER:
            return f"Bearer {TOKEN}"
        return f"Basic {base64.b64encode(f'{EMAIL}:{TOKEN}'.encode()).decode()}"

    async def _myself(self, request: Request) -> Response:
        if not request.state.is_known:
            return error(401, "Client must be authenticated to access this resource.")
        return JSONResponse(shapes.person(self.site, OWN_ID))

    async def _search(self, request: Request) -> Response:
        if self.site.edition is Edition.CLOUD:
            return error(
                410, "The requested API has been removed. Please use /rest/api/3/search/jql instead."
            )
        found = self._found(request.query_params.get("jql", ""), frozenset())
        if isinstance(found, str):
            return error(400, found)
        start = int(request.query_params.get("startAt", "0"))
        size = min(int(request.query_params.get("maxResults", "50")), MOST)
        names = request.query_params.get("fields", "").split(",")
        page = [self._issue(one, names, "2") for one in found[start : start + size]]
        return JSONResponse({"startAt": start, "maxResults": size, "total": len(found), "issues": page})

    async def _search_by_token(self, request: Request) -> Response:
        if self.site.edition is Edition.DATA_CENTER:
            return error(404, "null for uri")
        asked: dict[str, Any] = dict(request.query_params)
        if request.method == "POST":
            asked = await request.json()
        ids = asked.get("reconcileIssues") or []
        ids = ids.split(",") if isinstance(ids, str) else ids
        if len(ids) > 50:
            return error(400, "reconcileIssues takes 50 ids.")
        jql = str(asked.get("jql", ""))
        if not jql.strip() or jql.strip().upper().startswith("ORDER BY"):
            return error(400, "Unbounded JQL queries are not allowed here.")
        found = self._found(jql, frozenset(map(int, ids)))
        if isinstance(found, str):
            return error(400, found)
        start = int(asked.get("nextPageToken") or 0)
        size = min(int(asked.get("maxResults", 50)), MOST)
        names = asked.get("fields") or []
        names = names.split(",") if isinstance(names, str) else names
        # Without `fields` there are ids only.
        page = [
            self._issue(one, names, request.state.version) if names else {"id": str(one.id)}
            for one in found[start : start + size]
        ]
        is_last = start + size >= len(found)
        more = {} if is_last else {"nextPageToken": str(start + size)}
        return JSONResponse({"issues": page, "isLast": is_last, **more})

    def _found(self, jql: str, reconciled: frozenset[int]) -> list[SiteIssue] | str:
        where, _, order = jql.partition(" ORDER BY ")
        found = list(self.site.indexed(reconciled))
        for part in filter(None, where.split(" AND ")):
            clause = _CLAUSE.fullmatch(part.strip())
            if clause is None:
                return f"Error in the JQL Query: {part!r} is not understood by this fake."
            value = clause["value"].strip('"')
            if clause["field"] == "project":
                if value not in self.site.projects:
                    return f"The value '{value}' does not exist for the field 'project'."
                found = [one for one in found if one.project == value]
            elif clause["field"] == "labels":
                found = [one for one in found if value in one.labels]
            elif clause["field"] == "creator" and value == "currentUser()":
                found = [one for one in found if one.creator == OWN_ID]
            elif clause["field"] == "updated" and re.fullmatch(r"-\d+m", value):
                since = self.site.clock() - timedelta(minutes=int(value[1:-1]))
                found = [one for one in found if one.updated >= since]
            else:
                return f"Field '{clause['field']}' does not exist or you do not have permission to view it."
        return sorted(found, key=lambda one: (one.created, one.id)) if "created" in order else found

    def _issue(self, issue: SiteIssue, names: Sequence[str], version: str) -> dict[str, Any]:
        known = shapes.fields_of(self.site, issue, version)
        is_all = not names or names == [""] or any(one in ("*all", "*navigable") for one in names)
        return {
            "id": str(issue.id),
            "self": f"{self.site.address}/rest/api/{version}/issue/{issue.id}",
            "key": issue.key,
            "fields": known if is_all else {name: known[name] for name in names if name in known},
        }

    async def _create(self, request: Request) -> Response:
        fields = (await request.json())["fields"]
        project = self.site.project(fields.get("project") or {})
        wrong = self._wrong(fields, project)
        if wrong:
            return error(400, **wrong)
        issue = self.site.create(
            OWN_ID,
            fields["summary"],
            text_of(fields.get("description")),
            project=project,
            labels=tuple(fields.get("labels", ())),
        )
        issue.issue_type = fields["issuetype"]["name"]
        issue.priority = fields.get("priority", {}).get("name", issue.priority)
        version = request.state.version
        where = f"{self.site.address}/rest/api/{version}/issue/{issue.id}"
        return JSONResponse({"id": str(issue.id), "key": issue.key, "self": where}, 201)

    def _wrong(self, fields: dict[str, Any], project: str) -> dict[str, str]:
        wrong = {}
        if not project:
            wrong["project"] = "valid project is required"
        if fields.get("issuetype", {}).get("name") not in self.site.issue_types:
            wrong["issuetype"] = "Specify a valid issue type"
        if "priority" in fields and fields["priority"].get("name") not in self.site.priorities:
            wrong["priority"] = "The priority selected is invalid."
        if not fields.get("summary") or len(fields["summary"]) > 255 or "\n" in fields["summary"]:
            wrong["summary"] = "The summary is invalid because it contains newline characters, or too long."
        if any(" " in one for one in fields.get("labels", ())):
            wrong["labels"] = "The label contains spaces which is invalid."
        return wrong

    async def _read(self, request: Request) -> Response:
        issue = self._known(request)
        if issue is None:
            return _missing()
        return JSONResponse(
            self._issue(issue, request.query_params.get("fields", "").split(","), request.state.version)
        )

    async def _edit(self, request: Request) -> Response:
        issue = self._known(request)
        if issue is None:
            return _missing()
        refused = self.refused(issue)
        if refused is not None:
            return refused
        labels = list(issue.labels)
        for change in (await request.json()).get("update", {}).get("labels", []):
            labels += [one for one in (change.get("add"),) if one and one not in labels]
        self.site.label(issue, OWN_ID, labels)
        return Response(status_code=204)

    async def _comments(self, request: Request) -> Response:
        issue = self._known(request)
        if issue is None:
            return _missing()
        start = int(request.query_params.get("startAt", "0"))
        size = min(int(request.query_params.get("maxResults", "50")), MOST)
        page = [self._shown(issue, one, request) for one in issue.comments[start : start + size]]
        return JSONResponse(
            {"startAt": start, "maxResults": size, "total": len(issue.comments), "comments": page}
        )

    async def _comment(self, request: Request) -> Response:
        while self.site.before_change:
            self.site.before_change.pop()()
        issue = self._known(request)
        if issue is None:
            return _missing()
        refused = self.refused(issue)
        if refused is not None:
            return refused
        wanted = await request.json()
        role = (wanted.get("visibility") or {}).get("value", "")
        if role and role not in self.site.roles:
            return error(400, commentLevel=f"Role: {role} does not exist.")
        words = text_of(wanted.get("body"))
        if not words or len(words) > 32_767:
            return error(400, comment="The entered text is too long, or empty.")
        internal = any(
            one.get("key") == "sd.public.comment" and (one.get("value") or {}).get("internal") is True
            for one in wanted.get("properties") or []
        )
        made = self.site.comment(issue, OWN_ID, words, role=role, is_internal=internal)
        return JSONResponse(self._shown(issue, made, request), 201)

    async def _read_comment(self, request: Request) -> Response:
        issue = self._known(request)
        found = [one for one in issue.comments if str(one.id) == request.path_params["id"]] if issue else []
        return JSONResponse(self._shown(issue, found[0], request)) if issue and found else _missing()

    async def _delete_comment(self, request: Request) -> Response:
        issue = self._known(request)
        found = [one for one in issue.comments if str(one.id) == request.path_params["id"]] if issue else []
        if issue is None or not found:
            return _missing()
        if "DELETE_OWN_COMMENTS" not in self.site.rights:
            return error(400, "You do not have permission to delete comment.")
        self.site.uncomment(issue, found[0])
        return Response(status_code=204)

    async def _set_property(self, request: Request) -> Response:
        """`sd.public.comment` is what makes a comment of a service project internal."""
        wanted, own = await request.json(), request.path_params["id"]
        for issue in self.site.issues.values():
            for one in issue.comments:
                if str(one.id) == own and request.path_params["name"] == "sd.public.comment":
                    self.site.hide(issue, one, is_internal=wanted.get("internal") is True)
                    return JSONResponse({}, 200)
        return _missing()

    def _shown(self, issue: SiteIssue, one: Any, request: Request) -> dict[str, Any]:
        is_service = self.site.projects[issue.project] == "service_desk"
        return shapes.comment(self.site, issue, one, request.state.version, is_service=is_service)

    async def _transitions(self, request: Request) -> Response:
        if self._known(request) is None:
            return _missing()
        may = "TRANSITION_ISSUES" in self.site.rights
        shown = [shapes.transition(one) for one in TRANSITIONS if may]
        return JSONResponse({"expand": "transitions", "transitions": shown})

    async def _transition(self, request: Request) -> Response:
        while self.site.before_change:
            self.site.before_change.pop()()
        issue = self._known(request)
        if issue is None:
            return _missing()
        refused = self.refused(issue)
        if refused is not None:
            return refused
        wanted = await request.json()
        found = [one for one in TRANSITIONS if one.id == str(wanted.get("transition", {}).get("id"))]
        if not found:
            return error(400, "Transition id is not valid for this issue.")
        if found[0].needs and found[0].needs not in wanted.get("fields", {}):
            return error(400, **{found[0].needs: f"{found[0].needs.title()} is required."})
        self.site.move(issue, OWN_ID, found[0].to)
        return Response(status_code=204)

    def refused(self, issue: SiteIssue) -> Response | None:
        """Why it takes no change now; None if it does."""
        if issue.is_locked:
            return error(403, "The issue cannot be changed: its project is archived.")
        if not self.site.may_write(issue):
            headers = {"Retry-After": "2", "RateLimit-Reason": "jira-per-issue-on-write"}
            return JSONResponse({"errorMessages": ["Rate limit exceeded."]}, 429, headers=headers)
        return None

    def _known(self, request: Request) -> SiteIssue | None:
        issue = self.site.find(request.path_params["key"])
        return issue if issue is not None and "BROWSE_PROJECTS" in self.site.rights else None


def _versioned(answer: Answer, version: str) -> Answer:
    async def versioned(request: Request) -> Response:
        request.state.version = version
        return await answer(request)

    return versioned


def _missing() -> Response:
    return error(404, "Issue does not exist or you do not have permission to see it.")
