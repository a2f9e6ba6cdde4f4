"""Serving from a process of its own: real HTTP, commands, and an end with the parent."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from connectors.sandbox import Organisation, SandboxServer, SandboxServerError, serve, simulate


@pytest.fixture(scope="module")
def tiny() -> Organisation:
    return simulate(months=1, services=2)


@pytest.fixture(scope="module")
def server(tiny: Organisation) -> Iterator[SandboxServer]:
    with serve(tiny, token="t", at=tiny.starts_at + timedelta(days=10)) as running:
        yield running


def get(server: SandboxServer, path: str) -> httpx.Response:
    return httpx.get(f"{server.base_url}{path}", headers={"authorization": "token t"}, trust_env=False)


def test_links_lead_back_to_the_server_that_was_asked(server: SandboxServer) -> None:
    answer = get(server, "/repos/acme/checkout/commits?per_page=2")
    assert answer.links["next"]["url"].startswith(f"{server.base_url}/repos/acme/checkout/commits?")
    assert "date" in answer.headers


def test_the_server_counts_and_time_can_be_moved_on(server: SandboxServer, tiny: Organisation) -> None:
    before = get(server, "/repos/acme/checkout/pulls?state=all&per_page=100").json()
    counted = server.counters()["requests"]
    server.move_to(tiny.ends_at)
    after = get(server, "/repos/acme/checkout/pulls?state=all&per_page=100").json()
    assert len(after) > len(before)
    assert server.counters()["requests"] == counted + 1
    with pytest.raises(SandboxServerError, match="cannot go back"):
        server.move_to(tiny.starts_at)


def test_a_port_in_use_is_an_error_and_leaves_no_process(server: SandboxServer, tiny: Organisation) -> None:
    taken = int(server.base_url.rpartition(":")[2])
    with pytest.raises(SandboxServerError, match="ended with exit code"), serve(tiny, port=taken):
        pass


def test_the_server_ends_when_its_parent_is_killed() -> None:
    program = (
        "import sys, time; from connectors.sandbox import serve, simulate\n"
        "with serve(simulate(months=1, services=1)) as server:\n"
        "    print(server.process_id, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        process_id = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 10
    while is_running(process_id) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(process_id)


def is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process_id}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] != "Z"  # a zombie is not running, only not yet buried
