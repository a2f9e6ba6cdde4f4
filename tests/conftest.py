"""What every test may ask for: the recorded payloads, and an environment without surprises."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.shared import RUN_VARIABLE


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the planted faults be all of them, or a sample, and replays as many as are asked for."""
    parser.addoption("--faults", choices=("sample", "all"), default="sample", help="which faults to plant")
    parser.addoption("--cells", type=int, default=25, help="how many published cells to replay")
    parser.addoption(
        "--published", type=Path, help="a published workspace whose cells to replay, as the demo's"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder that the workers of one run share; they inherit its name."""
    if not hasattr(config, "workerinput"):
        os.environ[RUN_VARIABLE] = tempfile.mkdtemp(prefix="assay-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take that folder away when the last worker has ended."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(RUN_VARIABLE), ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the whole runs: what takes minutes must not be what one worker does alone at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/house"))


@pytest.fixture(autouse=True)
def closed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the credentials, the workspace or the proxies of the person who runs it."""
    for name in list(os.environ):
        if name.upper().endswith(("_TOKEN", "_PROXY")) or name.startswith(("DAGSTER_", "DBT_", "GIT_")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def payloads() -> Path:
    """The folder of recorded API payloads; the test is skipped where there is none."""
    folder = os.environ.get("ASSAY_PAYLOADS")
    if not folder:
        pytest.skip("ASSAY_PAYLOADS does not name a folder of recorded payloads")
    return Path(folder)
