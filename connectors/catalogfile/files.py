"""Finds and reads the files: several documents in each, and a broken one costs only itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from connectors.catalogfile.mapping import Entity, entity_from
from connectors.catalogfile.settings import CatalogFileSettings
from incidents.errors import NotFound, Refused

MOST_BYTES = 1_000_000
MOST_FILES = 20_000
_NOT_SEARCHED = frozenset({".git", ".hg", "node_modules", ".venv"})

Stamp = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadFile:
    """What is in one file, and what of it could not be read, each with its line."""

    entities: tuple[Entity, ...]
    unread: tuple[str, ...]


class CatalogFolder:
    """The files of a folder; one that did not change is not parsed again. Not for the event loop."""

    def __init__(self, settings: CatalogFileSettings, *, most_files: int = MOST_FILES) -> None:
        self._settings = settings
        self._most_files = most_files
        self._known: dict[Path, tuple[Stamp, ReadFile]] = {}

    def read(self) -> ReadFile:
        """All files together, in the order of their paths. Raises `NotFound` if there is no such folder, and `Refused`
        for one with too many of them.
        """
        known: dict[Path, tuple[Stamp, ReadFile]] = {}
        for path in self._paths():
            try:
                stat = path.stat()
                stamp = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
                before = self._known.get(path)
                known[path] = (
                    before if before is not None and before[0] == stamp else (stamp, self._one(path))
                )
            except OSError as error:
                place = path.relative_to(self._settings.folder)
                gone = ReadFile(entities=(), unread=(f"{place}: cannot be read ({error.strerror})",))
                known[path] = ((0, 0, 0), gone)
        self._known = known
        return self._together()

    def _paths(self) -> list[Path]:
        folder = self._settings.folder
        if not folder.is_dir():
            raise NotFound(
                f"there is no folder {folder} here; correct the connection's folder, or check it out"
            )
        found: list[Path] = []
        # Links are not followed: they may lead round in a circle, and out of the folder.
        for where, folders, names in os.walk(folder, followlinks=False):
            folders[:] = sorted(name for name in folders if name not in _NOT_SEARCHED)
            paths = (Path(where, name) for name in sorted(names) if name in self._settings.file_names)
            found += [path for path in paths if not path.is_symlink()]
            if len(found) > self._most_files:
                raise Refused(f"{folder} has more than {self._most_files} such files; name a smaller folder")
        return found

    def _together(self) -> ReadFile:
        entities: dict[Any, Entity] = {}
        unread: list[str] = []
        for _, file in self._known.values():
            unread += file.unread
            for entity in file.entities:
                first = entities.setdefault(entity.ref, entity)
                if first is not entity:
                    what = f"{entity.ref.kind}:{entity.ref.namespace}/{entity.ref.name}"
                    unread.append(f"{entity.place}: {what} is at {first.place} already, which counts")
        return ReadFile(entities=tuple(entities.values()), unread=tuple(unread))

    def _one(self, path: Path) -> ReadFile:
        place = path.relative_to(self._settings.folder)
        content = path.read_bytes()
        if len(content) > MOST_BYTES:
            return ReadFile(entities=(), unread=(f"{place}: over {MOST_BYTES} bytes",))
        entities: list[Entity] = []
        unread: list[str] = []
        try:
            for line, document in _documents(content.decode("utf-8-sig")):
                found = entity_from(document, place=f"{place}:{line}")
                if isinstance(found, Entity):
                    entities.append(found)
                else:
                    unread.append(f"{place}:{line}: {found}")
        except UnicodeDecodeError:
            unread.append(f"{place}: not UTF-8")
        except RecursionError:
            unread.append(f"{place}: nested too deeply")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            unread.append(
                f"{place}:{mark.line + 1 if mark else 1}: not YAML ({error.problem or error.context})"
            )
        except (yaml.YAMLError, ValueError) as error:  # a control character; a day that is none
            unread.append(f"{place}: not YAML ({type(error).__name__})")
        return ReadFile(entities=tuple(entities), unread=tuple(unread))


def _documents(content: str) -> Iterator[tuple[int, Any]]:
    """Each document that is not empty, with the line it begins on.

    Aliases are kept as references and nothing goes through all of a document, so that one that would be huge when
    written out costs nothing.
    """
    loader = yaml.SafeLoader(content)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                document = loader.construct_document(node)
                if document is not None:
                    yield node.start_mark.line + 1, document
    finally:
        loader.dispose()
