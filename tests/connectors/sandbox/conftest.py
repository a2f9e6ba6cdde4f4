"""One small organisation and the whole one, each played once."""

import pytest

from connectors.sandbox import Organisation, simulate
from tests.connectors.sandbox.reading import Reading


@pytest.fixture(scope="session")
def small() -> Organisation:
    """Six services over four months."""
    return simulate(seed=3, months=4, services=6)


@pytest.fixture(scope="session")
def whole() -> Organisation:
    """The organisation at factor 1."""
    return simulate()


@pytest.fixture(scope="session")
def small_reading(small: Organisation) -> Reading:
    """The small organisation's data, read a second time."""
    return Reading(small.as_of(small.ends_at), small.settings_document(base_url="http://x", git_folder="git"))
