"""What every `PublicFiles` must keep: files for anybody, only where the settings say so, and no other file of the disk.

Subclass it in `tests/connectors/<vendor>/`:

    class TestStaticPageIsPublicFiles(PublicFilesContract):
        @pytest.fixture
        def served(self, ...) -> StaticPage: ...      # as its settings say it is served, and written
        @pytest.fixture
        def unserved(self, ...) -> StaticPage: ...    # by default settings, and not written yet
"""

from __future__ import annotations

import pytest

from incidents.status_page import PublicFiles


class PublicFilesContract:
    def test_has_public_files(self, served: PublicFiles) -> None:
        """The class line promises the capability, and the object keeps it."""
        assert isinstance(served, PublicFiles)

    def test_off_by_default(self, served: PublicFiles, unserved: PublicFiles) -> None:
        """Nobody's page is public by accident."""
        assert (served.is_served, unserved.is_served) == (True, False)

    async def test_the_first_page(self, served: PublicFiles) -> None:
        """What a browser gets at the address itself, as HTML."""
        found = await served.public_file("")
        assert found is not None
        assert found.media_type.startswith("text/html")
        assert found.content.startswith(b"<!doctype html>")

    async def test_not_written_yet(self, unserved: PublicFiles) -> None:
        """No error: it will be there later."""
        assert await unserved.public_file("") is None

    @pytest.mark.parametrize(
        "name", ["x", ".", "..", "../x", "/etc/passwd", "\x00", "index.html/..", "INDEX.HTML"]
    )
    async def test_no_other_file(self, served: PublicFiles, name: str) -> None:
        """A name is looked up among ours, never on the disk."""
        assert await served.public_file(name) is None
