"""Every query of our connector with its variables, and every answer of the fake, judged by Linear's own schema."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import graphql
import httpx
import pytest

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.linear import LinearIssues, documents
from incidents.errors import LiaisonError
from incidents.models import InternalText
from tests.connectors.linear import test_issue_tracker
from tests.connectors.linear.conftest import LinearWorld, connect
from tests.shared_folder import shared_path

pytestmark = pytest.mark.shared

SCHEMA = "specs/linear/schema-introspection-trimmed.json"
NOTE = InternalText("Part of INC-42.")
DOCUMENTS = {
    name: document
    for name, document in vars(documents).items()
    if name.isupper() and name[0] != "_" and name != "PAGE"
}


@cache
def schema() -> graphql.GraphQLSchema:
    return graphql.build_client_schema(json.loads(shared_path(SCHEMA).read_text("utf-8")))


def judge(asked: dict[str, Any]) -> graphql.DocumentNode:
    """The document, which the schema takes, one operation, with all of its variables and no other. AssertionError."""
    document = graphql.parse(asked["query"])
    wrong = graphql.validate(schema(), document)
    assert not wrong, wrong
    (operation,) = document.definitions
    assert isinstance(operation, graphql.OperationDefinitionNode)
    assert operation.name is not None
    assert operation.name.value == asked["operationName"]
    declared = operation.variable_definitions or ()
    assert set(asked["variables"]) <= {one.variable.name.value for one in declared}
    values = graphql.execution.get_variable_values(schema(), declared, asked["variables"])
    assert not isinstance(values, list), values
    return document


def judge_answer(document: graphql.DocumentNode, asked: dict[str, Any], data: dict[str, Any]) -> None:
    """Every field that was asked for is there, of its type, and no other."""
    made = graphql.execute_sync(schema(), document, root_value=data, variable_values=asked["variables"])
    assert not made.errors, made.errors
    assert made.data == data


class Judged(InProcessTransport):
    """Lets through what the schema takes."""

    def __init__(self, world: LinearWorld) -> None:
        super().__init__(world.fake.app)
        self.called: set[str] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        assert (request.method, request.url.path) == ("POST", "/graphql")
        assert request.headers["content-type"] == "application/json"
        document = judge(asked)
        self.called.add(asked["operationName"])
        answer = await super().handle_async_request(request)
        content = await answer.aread()
        if answer.status_code == 200 and content.startswith(b"{"):
            data = json.loads(content).get("data")
            if data is not None:
                judge_answer(document, asked, data)
        return httpx.Response(answer.status_code, headers=answer.headers, content=content)


class TestIssueTrackerBySchema(test_issue_tracker.TestLinearIsAnIssueTracker):
    """The contract of issue trackers; what the schema does not take fails it."""

    @pytest.fixture
    async def tracker(self, world: LinearWorld) -> AsyncIterator[LinearIssues]:
        connected = connect(world, Judged(world))
        yield connected
        await connected.aclose()


async def test_each_document_is_sent(world: LinearWorld) -> None:
    """Refusals among them; none of the documents is left out."""
    judged = Judged(world)
    tracker = connect(world, judged)
    await tracker.check()
    key = await tracker.open_issue("Card payments fail", NOTE, once="i")
    await tracker.comment(key, NOTE, once="n")
    await tracker.transition(key, "Done", once="t")
    for number in range(101):
        world.create_issue(f"{number}", "x")
    assert len([one async for one in tracker.changed_since(world.now())]) == 102
    with pytest.raises(LiaisonError):
        await tracker.read("ENG-999")
    names = {document.split()[1].partition("(")[0] for document in DOCUMENTS.values()}
    assert judged.called == names
    await tracker.aclose()


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("query Who { viewer { login } }", {}),
        ("query Who { viewer { id } } query Other { viewer { id } }", {}),
        (documents.ISSUE.replace("Issue(", "Who("), {}),
        (documents.ISSUE.replace("Issue(", "Who("), {"id": "ENG-1", "team": "ENG"}),
        (documents.OPEN.replace("Open(", "Who("), {"input": {"title": "x"}}),
        (documents.OPEN.replace("Open(", "Who("), {"input": {"teamId": "x", "team": "x"}}),
        (documents.MOVE.replace("Move(", "Who("), {"id": "x", "input": {"state": "Done"}}),
    ],
)
def test_what_is_wrong_is_noticed(document: str, variables: dict[str, Any]) -> None:
    """The judge is not blind."""
    with pytest.raises((AssertionError, ValueError)):
        judge({"operationName": "Who", "query": document, "variables": variables})


def test_wrong_answers_are_noticed() -> None:
    asked = {"operationName": "Who", "query": documents.WHO, "variables": {}}
    whole = {"viewer": {"id": "x", "name": "x", "displayName": "x"}}
    for data in (whole, {**whole, "organization": {"id": "x", "name": None, "urlKey": "x"}}):
        with pytest.raises(AssertionError):
            judge_answer(judge(asked), asked, data)
