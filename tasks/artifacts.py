"""Pages of the Prefect UI, kept by themselves: no run owns them, so none takes them along when it is deleted.

Prefect's vacuum of flow runs deletes every artifact that was made in the runs it deletes, the newest version of a key
that is still looked at too (Prefect 3.8.8, `prefect/server/services/db_vacuum.py`); one that was made outside of a run
it leaves. Who wants the run finds it in the page's text.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import UUID

from httpx import HTTPStatusError
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.client.schemas.filters import ArtifactCollectionFilter, ArtifactCollectionFilterKey
from prefect.exceptions import ObjectNotFound

from tasks import resources

_OWNER = "installation"
"""The key of an artifact's metadata that says whose it is: a Prefect server may have several installations."""
_MOST_KNOWN = 5_000
_AT_ONCE = 100
"""So many keys are asked for in one call."""


async def publish_page(*, key: str, markdown: str, description: str) -> None:
    """A new version of the page `key` (small letters, digits and dashes), as Markdown."""
    await _publish(ArtifactCreate(type="markdown", key=key, data=markdown, description=description))


@dataclass(slots=True)
class KnownPages:
    """What this process has seen of addresses: an artifact's id stays as long as the page is rewritten in place."""

    ids: dict[str, UUID] = field(default_factory=dict)

    def note(self, key: str, found: UUID) -> None:
        """The oldest are forgotten first."""
        self.ids[key] = found
        while len(self.ids) > _MOST_KNOWN:
            del self.ids[next(iter(self.ids))]


async def rewrite_page(*, key: str, markdown: str, description: str) -> UUID:
    """The page `key` in place, made where it is not there yet: it has one version, whose address stays. Returns its id.

    One of another installation at the same Prefect server is left as it is; ours is a newer version of that key then.
    """
    return await _rewrite(key, "markdown", markdown, description)


async def look_up_pages(client: PrefectClient, keys: Sequence[str], installation: str) -> Mapping[str, UUID]:
    """The artifacts that have these pages now, by what Prefect says; without those of other installations."""
    wanted = ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(any_=list(keys)))
    # Not GET /artifacts/KEY/latest: the id in its answer is that of the key, and no page's (Prefect 3.8.8).
    found = await client.read_latest_artifacts(artifact_filter=wanted)
    return {one.key: one.latest_id for one in found if (one.metadata_ or {}).get(_OWNER) == installation}


async def _rewrite(key: str, kind: str, data: str, description: str) -> UUID:
    known, changed = resources.kept(KnownPages), ArtifactUpdate(data=data, description=description)
    if key in known.ids:
        try:
            await _change(known.ids[key], changed)
        except ObjectNotFound:  # somebody deleted it
            del known.ids[key]
        else:
            return known.ids[key]
    found = (await _look_up([key])).get(key)
    if found is None:
        # Not noted as known: where two make it at once, both go on with the newer one.
        return await _publish(
            ArtifactCreate(
                type=kind,
                key=key,
                data=data,
                description=description,
                metadata_={_OWNER: await resources.installation()},
            )
        )
    await _change(found, changed)
    known.note(key, found)
    return found


async def page_ids(keys: Collection[str]) -> Mapping[str, UUID]:
    """The artifacts that have these pages of ours now, as far as there are any."""
    known = resources.kept(KnownPages)
    wanted = [key for key in keys if key not in known.ids]
    for number in range(0, len(wanted), _AT_ONCE):
        for key, found in (await _look_up(wanted[number : number + _AT_ONCE])).items():
            known.note(key, found)
    return {key: known.ids[key] for key in keys if key in known.ids}


async def rewrite_table(*, key: str, rows: Sequence[dict[str, str]], description: str) -> UUID:
    """As `rewrite_page`, a table: a row a dictionary, its keys are the headings."""
    return await _rewrite(key, "table", json.dumps(list(rows)), description)


async def publish_picture(*, key: str, address: str, description: str) -> None:
    """The same as a picture; `address` may have it inside (`data:`)."""
    await _publish(ArtifactCreate(type="image", key=key, data=address, description=description))


async def _look_up(keys: Sequence[str]) -> Mapping[str, UUID]:
    async with get_client() as client:
        return await look_up_pages(client, keys, await resources.installation())


async def _change(artifact: UUID, changed: ArtifactUpdate) -> None:
    """Raises `ObjectNotFound` where there is none."""
    async with get_client() as client:
        try:
            await client.request(
                "PATCH",
                "/artifacts/{id}",
                path_params={"id": str(artifact)},
                json=changed.model_dump(mode="json", exclude_unset=True),
            )
        except HTTPStatusError as error:
            if error.response.status_code == HTTPStatus.NOT_FOUND:
                raise ObjectNotFound(http_exc=error) from error
            raise


async def _publish(artifact: ArtifactCreate) -> UUID:
    async with get_client() as client:
        # `client.create_artifact` would make an event that quotes the description, beside the server's own.
        made = await client.request(
            "POST", "/artifacts/", json=artifact.model_dump(mode="json", exclude_unset=True)
        )
    return UUID(made.json()["id"])
