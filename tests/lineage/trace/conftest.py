"""A world to trace in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lineage.trace.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def still_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One that no test changes."""
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.close()
