"""Pages of the Prefect UI, kept by themselves: no run owns them, so none takes them along when it is deleted.

Prefect's vacuum of flow runs deletes every artifact that was made in the runs it deletes, the newest version of a key
that is still looked at too (Prefect 3.8.8, `prefect/server/services/db_vacuum.py`); one that was made outside of a run
it leaves. Who wants the run finds it in the page's text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.client.schemas.filters import ArtifactCollectionFilter, ArtifactCollectionFilterKey


async def publish_page(*, key: str, markdown: str, description: str) -> None:
    """A new version of the page `key` (small letters, digits and dashes), as Markdown."""
    await _publish(ArtifactCreate(type="markdown", key=key, data=markdown, description=description))


async def rewrite_page(*, key: str, markdown: str, description: str) -> None:
    """The page `key` in place: it has one version, whose address stays. Made where it is not there yet."""
    wanted = ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(any_=[key]))
    async with get_client() as client:
        # Not GET /artifacts/KEY/latest: the id in its answer is that of the key, and no page's (Prefect 3.8.8).
        found = await client.read_latest_artifacts(artifact_filter=wanted)
        if not found:
            await publish_page(key=key, markdown=markdown, description=description)
            return
        changed = ArtifactUpdate(data=markdown, description=description)
        await client.request(
            "PATCH",
            "/artifacts/{id}",
            path_params={"id": str(found[0].latest_id)},
            json=changed.model_dump(mode="json", exclude_unset=True),
        )


async def publish_table(*, key: str, rows: Sequence[dict[str, str]], description: str) -> None:
    """The same as a table: a row a dictionary, its keys are the headings."""
    await _publish(
        ArtifactCreate(type="table", key=key, data=json.dumps(list(rows)), description=description)
    )


async def publish_picture(*, key: str, address: str, description: str) -> None:
    """The same as a picture; `address` may have it inside (`data:`)."""
    await _publish(ArtifactCreate(type="image", key=key, data=address, description=description))


async def _publish(artifact: ArtifactCreate) -> None:
    async with get_client() as client:
        # `client.create_artifact` would make an event that quotes the description, beside the server's own.
        await client.request("POST", "/artifacts/", json=artifact.model_dump(mode="json", exclude_unset=True))
