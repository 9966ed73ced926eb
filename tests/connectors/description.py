"""A vendor's own description of its API (OpenAPI 3) as a judge of calls: path, parameters, body, and of answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for

DEEPEST = 40


@dataclass(frozen=True, slots=True)
class DescribedCall:
    """An operation of the description, and what of its path was named."""

    where: str
    method: str
    operation: dict[str, Any]
    named: dict[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.where}"


# Whether a schema is one takes a hundred times as long as whether a value is as it says: looked at once a session.
# By the description, which is kept so that no other gets its id, and the part of it.
_validators: dict[tuple[int, str], tuple[dict[str, Any], Validator]] = {}


@dataclass
class Judge(httpx.AsyncBaseTransport):
    """Fails a request that the description does not know or whose arguments are not as it says, and then hands it on.

    `judges_answers`: what comes back must be as it says, too. `called` are the operations seen.
    """

    inner: httpx.AsyncBaseTransport
    description: dict[str, Any]
    judges_answers: bool = False
    called: set[str] = field(default_factory=set)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        call = self.judge(request)
        answer = await self.inner.handle_async_request(request)
        if self.judges_answers:
            await answer.aread()
            self.judge_answer(call, answer)
        return answer

    def judge(self, request: httpx.Request) -> DescribedCall:
        """Raises AssertionError or `jsonschema.ValidationError`."""
        path = request.url.raw_path.decode().partition("?")[0]
        call = self._operation(request.method, path)
        self.called.add(str(call))
        query = dict(request.url.params.multi_items())
        known = {one["name"]: one for one in map(self._plain, call.operation.get("parameters", []))}
        unknown = set(query) - {name for name, one in known.items() if one["in"] == "query"}
        assert not unknown, f"{call.where}: {unknown} is not described"
        for name, one in known.items():
            value = (call.named if one["in"] == "path" else query).get(name)
            assert value is not None or not one.get("required"), f"{call.where}: {name} is missing"
            if value is not None:
                schema = one["schema"]
                self._judge_value(_typed(value, schema), f"{call} {one['in']} {name}", lambda it=schema: it)
        self._judge_body(call, request)
        return call

    def judge_answer(self, call: DescribedCall, answer: httpx.Response) -> None:
        """Raises AssertionError or `jsonschema.ValidationError`."""
        described = call.operation["responses"].get(str(answer.status_code))
        assert described is not None, f"{call.where}: {answer.status_code} is not described"
        content = self._plain(described).get("content", {}).get("application/json")
        if content is not None and answer.content.strip():
            part = f"{call} {answer.status_code}"
            self._judge_value(answer.json(), part, lambda: content["schema"])

    def _judge_body(self, call: DescribedCall, request: httpx.Request) -> None:
        body = call.operation.get("requestBody")
        if body is None:
            assert not request.content
            return
        self._judge_value(
            json.loads(request.content),
            f"{call} body",
            lambda: self._plain(body)["content"]["application/json"]["schema"],
        )

    def _judge_value(self, value: Any, part: str, schema: Callable[[], Any]) -> None:
        """`schema` is asked for when this part of the description is judged for the first time."""
        key = (id(self.description), part)
        if key not in _validators:
            kind = validator_for(read := schema())
            kind.check_schema(read)
            _validators[key] = (self.description, kind(read))
        _validators[key][1].validate(value)

    def _operation(self, method: str, path: str) -> DescribedCall:
        found: list[DescribedCall] = []
        for where, operations in self.description["paths"].items():
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]*)", re.escape(where))
            match = re.fullmatch(pattern, path)
            if match is not None and method.lower() in operations:
                named = {name: unquote(value) for name, value in match.groupdict().items()}
                found.append(DescribedCall(where, method, operations[method.lower()], named))
        assert found, f"{method} {path} is not described"
        # `/users/current` before `/users/{id}`.
        return min(found, key=lambda call: len(call.named))

    def _plain(self, part: Any, depth: int = 0, within: frozenset[str] = frozenset()) -> Any:
        """The part with what it refers to in its place; what refers to itself is anything the second time."""
        assert depth < DEEPEST, "the description is too deep"
        if isinstance(part, list):
            return [self._plain(one, depth + 1, within) for one in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            name = str(part["$ref"])
            if name in within:
                return {}
            found: Any = self.description
            for step in name.removeprefix("#/").split("/"):
                found = found[step]
            return self._plain(found, depth + 1, within | {name})
        plain = {name: self._plain(one, depth + 1, within) for name, one in part.items()}
        if plain.get("nullable") is True and isinstance(plain.get("type"), str):
            # OpenAPI 3.0's word for what JSON Schema says by two types.
            plain["type"] = [plain["type"], "null"]
            if isinstance(plain.get("enum"), list):
                plain["enum"] = [*plain["enum"], None]
        return plain


def _typed(value: str, schema: dict[str, Any]) -> Any:
    """What stands in an address is a number, a switch or a list there, too."""
    if schema.get("type") == "integer":
        return int(value)
    if schema.get("type") == "array":
        return value.split(",")
    return {"true": True, "false": False}[value] if schema.get("type") == "boolean" else value
