"""What every test may ask for: the recorded payloads, and an environment without surprises."""

import os
from pathlib import Path

import pytest


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
