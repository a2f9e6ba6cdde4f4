"""An open place for evidence, closed after the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connectors.evidence.samples import Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A new ledger and evidence store."""
    opened = Place(tmp_path / "data")
    yield opened
    opened.close()
