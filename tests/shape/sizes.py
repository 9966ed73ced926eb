"""A file has one subject, and a folder can be read at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.shape.sources import Breach, Source

MOST_LINES = 400
MOST_MODULES = 20
MIGRATIONS = "incidents/store/migrations/versions"


def short_files(sources: Iterable[Source]) -> Iterator[Breach]:
    """Files over `MOST_LINES` lines."""
    for source in sources:
        if len(source.lines) > MOST_LINES:
            text = f"{len(source.lines)} lines, {MOST_LINES} at most: split it by subject"
            yield Breach(source.path, 0, text)


def small_folders(sources: Iterable[Source]) -> Iterator[Breach]:
    """Folders with more than `MOST_MODULES` modules side by side. Of `tests` a folder may have more; in `blocks` a
    vendor's module does not count, since each connector has its own there, found by its name; nor do migrations, which
    are read one after the other, by their number."""
    sources = list(sources)
    vendors = {
        f"blocks/{source.path.split('/')[1]}.py" for source in sources if source.package == "connectors"
    }
    modules = Counter(
        source.folder
        for source in sources
        if source.package != "tests"
        and not source.path.endswith("/__init__.py")
        and source.path not in vendors
        and source.folder != MIGRATIONS
    )
    for folder, count in sorted(modules.items()):
        if count > MOST_MODULES:
            text = f"{count} modules side by side, {MOST_MODULES} at most: folders by subject"
            yield Breach(folder, 0, text)
