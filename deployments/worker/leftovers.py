"""What an earlier version kept in a block and today's type has no field for: taken out of the saved document.

Prefect hides secrets by the schema a document was saved under, and joins what is saved next to what is there. So a
secret whose field is gone would stand in the document for good, and in clear as soon as somebody saves it anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from prefect.blocks.core import Block
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import BlockDocumentUpdate


async def drop_leftovers(client: PrefectClient, kinds: Sequence[type[Block]]) -> Sequence[str]:
    """Take out of all documents of these types, which are registered, the values that have no field any more; all else
    stays as it was. A line for each document, with the fields' names and no value."""
    return [line for kind in kinds for line in await _drop(client, kind)]


async def _drop(client: PrefectClient, kind: type[Block]) -> Sequence[str]:
    slug = kind.get_block_type_slug()
    known = {field.alias or name for name, field in kind.model_fields.items()} | kind.model_fields.keys()
    said: list[str] = []
    for document in await client.read_block_documents_by_type(slug, include_secrets=True, limit=200):
        left = sorted(document.data.keys() - known)
        if not left:
            continue
        await client.update_block_document(
            document.id,
            BlockDocumentUpdate(
                block_schema_id=kind._block_schema_id,  # noqa: SLF001 - Prefect has no public name for it
                data={name: value for name, value in document.data.items() if name in known},
                merge_existing_data=False,
            ),
        )
        said.append(f"{slug}/{document.name}: {', '.join(left)} taken out, this version has no such field")
    return said
