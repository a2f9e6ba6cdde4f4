"""Fixtures of the publishing tests."""

from pathlib import Path

import pytest

from tests.publishing.release import Release, make_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("warehouse"))


@pytest.fixture(scope="session")
def small_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two metrics only, for tests that publish again and again."""
    return make_template(
        tmp_path_factory.mktemp("small"), metrics=("change_lead_time", "change_fail_rate"), months=3
    )


@pytest.fixture
def release(tmp_path: Path, small_template: Path) -> Release:
    return Release(tmp_path, small_template)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Release:
    """One publication for tests that only read it."""
    made = Release(tmp_path_factory.mktemp("published"), template)
    made.publish()
    return made
