"""A folder of JSON files: a tool's own API answers, as `curl` saved them. Each mistake is told with file and field.

A list that comes in several pages is several files of one kind: `users.json`, `users-2.json`. One whose next page is
missing is refused: half a list would be half a rota.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError, model_validator

from incidents.errors import Refused
from incidents.imports.report import Fate, ImportLine

MOST_BYTES = 64_000_000
MOST_FILES = 2_000
_MOST_TOLD = 5
_YEARS = (1970, 2200)


class ExportObject(BaseModel):
    """Part of an answer: fields we do not read are none of our business, null is as good as left out, and no mistake
    prints what it was given."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {key: value for key, value in given.items() if value is not None}


def _within_reach(at: datetime) -> datetime:
    if not _YEARS[0] <= at.year <= _YEARS[1]:
        raise ValueError(
            f"the year {at.year} is out of reach; correct it, or leave it out if it stands for never"
        )
    return at


Moment = Annotated[datetime, AfterValidator(_within_reach)]
"""A time, with or without a zone."""
Instant = Annotated[AwareDatetime, AfterValidator(_within_reach)]
"""A time that says its distance from UTC."""

ItemT = TypeVar("ItemT", bound=ExportObject)


@dataclass(frozen=True, kw_only=True, slots=True)
class ListShape:
    """How a tool wraps lists: the key of the items, and where the address of the next page stands, or else the number
    of all items."""

    items: str
    next_page: tuple[str, ...] = ()
    total: str = ""


class ExportFolder:
    """The files of one export."""

    def __init__(self, folder: Path, shape: ListShape) -> None:
        """Raises `Refused` where it is no folder that can be read."""
        if not folder.is_dir():
            is_there = folder.exists()
            problem = "is no folder" if is_there else "is not there"
            raise Refused(f"{folder} {problem}; make one with the tool's answers, as docs/importing.md says")
        self._folder = folder
        self._shape = shape
        self._read: set[Path] = set()
        try:
            self._files = sorted(one for one in folder.iterdir() if one.suffix == ".json")
        except OSError as error:
            raise Refused(f"{folder} cannot be read: {error.strerror}") from error
        if not self._files:
            raise Refused(
                f"{folder} has no .json file; save the tool's answers there, as docs/importing.md says"
            )
        if len(self._files) > MOST_FILES:
            raise Refused(
                f"{folder} has more than {MOST_FILES} .json files; name the folder of the export alone"
            )

    def all(self, kind: str, item: type[ItemT], *, is_needed: bool = False) -> list[ItemT]:
        """Everything of one kind, of `kind.json` and `kind-2.json` and so on.

        Raises `Refused` for a file that is not what it must be, and for one that is needed and not there.
        """
        found = self._of(kind)
        if not found and is_needed:
            raise Refused(f"{self._folder} has no {kind}.json; docs/importing.md says how to get it")
        return self._together(kind, found, item)

    def by_owner(self, kind: str, item: type[ItemT]) -> Iterator[tuple[str, list[ItemT]]]:
        """What there is of one kind for each owner: `overrides-ID.json`, with the owner's id."""
        for file in self._files:
            owner = file.stem.removeprefix(f"{kind}-")
            if file.stem != owner:
                yield owner, self._together(file.stem, [file], item)

    def unread(self) -> list[ImportLine]:
        """Files that nothing was taken from, once all was asked for: `users-more.json` is no page of users."""
        words, cure = "it is none of those that are read", "rename it"
        return [
            ImportLine(fate=Fate.LEFT, what=f"file {one.name}", words=words, cure=cure)
            for one in self._files
            if one not in self._read
        ]

    def _of(self, kind: str) -> list[Path]:
        found = [one for one in self._files if one.stem == kind or _is_page(one.stem, kind)]
        return sorted(found, key=lambda one: (len(one.stem), one.stem))

    def _together(self, kind: str, files: Sequence[Path], item: type[ItemT]) -> list[ItemT]:
        items: list[ItemT] = []
        open_ends, total = [], 0
        for file in files:
            answer = read_json(file)
            self._read.add(file)
            if self._shape.next_page and _at(answer, self._shape.next_page):
                open_ends.append(file.name)
            if self._shape.total and isinstance(_at(answer, (self._shape.total,)), int):
                total = max(total, _at(answer, (self._shape.total,)))
            items += [
                self._item(file, number, one, item) for number, one in enumerate(self._listed(file, answer))
            ]
        if len(open_ends) >= len(files) and files:
            field = ".".join(self._shape.next_page)
            wanted = f"{kind}-{len(files) + 1}.json"
            raise Refused(
                f"{self._folder / open_ends[-1]}: {field}: there is a further page; save it as {wanted}"
            )
        if len(items) < total:
            raise Refused(
                f"{self._folder / files[-1].name}: {self._shape.total}: there are {total} of them, and {len(items)} "
                f"are here; save the other pages as {kind}-{len(files) + 1}.json"
            )
        return items

    def _listed(self, file: Path, answer: Any) -> list[Any]:
        listed = answer.get(self._shape.items) if isinstance(answer, dict) else answer
        if not isinstance(listed, list):
            shown = f"; it says: {answer['message']!r}"[:200] if _has_message(answer) else ""
            raise Refused(f"{file}: {self._shape.items}: it must be a list, as the tool's API answers{shown}")
        return listed

    def _item(self, file: Path, number: int, given: Any, item: type[ItemT]) -> ItemT:
        try:
            return item.model_validate(given)
        except ValidationError as error:
            told = [
                f"{file}: {self._shape.items}[{number}]{_field(one['loc'])}: {one['msg'].removeprefix('Value error, ')}"
                for one in error.errors(include_url=False)
            ]
            raise Refused("\n".join(told[:_MOST_TOLD])) from None


def read_json(file: Path) -> Any:
    """The file's content. Raises `Refused` for what is no JSON in UTF-8, or larger than any such answer."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise Refused(f"{file} has more than {MOST_BYTES} bytes; save it in pages")
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Refused(f"{file} is no UTF-8 text; save the answer as it came") from error
    except json.JSONDecodeError as error:
        raise Refused(
            f"{file}: line {error.lineno}: no JSON: {error.msg}; save the answer as it came"
        ) from error
    except (RecursionError, ValueError) as error:  # nested too deep, or a number of too many digits
        raise Refused(f"{file} is no JSON that a tool answers: {type(error).__name__}") from error


def _is_page(stem: str, kind: str) -> bool:
    return stem.removeprefix(f"{kind}-").isdecimal() and stem.startswith(f"{kind}-")


def _at(answer: Any, path: Sequence[str]) -> Any:
    for key in path:
        answer = answer.get(key) if isinstance(answer, dict) else None
    return answer


def _has_message(answer: Any) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("message"), str)


def _field(loc: Sequence[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
