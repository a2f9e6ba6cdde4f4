"""The demonstration is staged once and found again."""

import stat
from pathlib import Path

import httpx

from connectors.sandbox import simulate
from orchestration.demonstration import Phases, staged


def test_a_second_demonstration_finds_the_first_at_the_same_address(tmp_path: Path) -> None:
    organisation, phases = simulate(services=1, months=1), Phases()
    with staged(tmp_path, organisation, phases) as first:
        address = first.server.base_url
        token = first.environment["ASSAY_GITHUB_TOKEN"]
        assert (
            httpx.get(f"{address}/orgs/acme", headers={"Authorization": f"Bearer {token}"}).status_code == 200
        )
        assert httpx.get(f"{address}/orgs/acme").status_code == 401
        key = (first.workspace.root / "keys" / "token.key").read_bytes()
    with staged(tmp_path, organisation, phases) as second:
        assert second.server.base_url == address
        assert second.environment["ASSAY_GITHUB_TOKEN"] != token
        assert (second.workspace.root / "keys" / "token.key").read_bytes() == key
    assert set(phases.seconds) == {"simulate", "start the server"}


def test_the_token_is_written_nowhere(tmp_path: Path) -> None:
    with staged(tmp_path, simulate(services=1, months=1), Phases()) as stage:
        token = stage.environment["ASSAY_GITHUB_TOKEN"].encode()
    for path in tmp_path.rglob("*"):
        if stat.S_ISREG(path.lstat().st_mode):
            assert token not in path.read_bytes()
