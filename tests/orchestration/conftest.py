"""A workspace whose dbt project is parsed once for all tests."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.collection import Confirmation
from orchestration.demonstration import simulated_people
from orchestration.scaffold import scaffold
from orchestration.workspace import Workspace
from tests.parsed import copy_parsed

SETTINGS = """
organisation: acme
reporting: {time_zone: Europe/Berlin}
sources:
  - {name: github, kind: github, base_url: "http://127.0.0.1:9", organisation: acme, token_env: ACME_KEY}
  - {name: git, kind: git, repositories: [{name: acme/shop, path: shop}]}
teams: [{name: payments}]
services: [{name: shop, repository: acme/shop, owners: [{team: payments}]}]
schedule: {nightly: "30 1 * * *"}
"""
ALLOWED = simulated_people()


@pytest.fixture
def make_workspace(tmp_path: Path) -> Callable[..., Workspace]:
    """Make a workspace that needs no parsing any more."""

    def make(
        settings: str = SETTINGS,
        name: str = "workspace",
        confirmation: Confirmation | None = ALLOWED,
    ) -> Workspace:
        workspace = scaffold(
            tmp_path / name,
            organisation="acme",
            random_bytes=os.urandom,
            settings=settings,
            confirmation=confirmation,
        )
        copy_parsed(workspace)
        (workspace.root / "shop").mkdir(exist_ok=True)
        return workspace

    return make
