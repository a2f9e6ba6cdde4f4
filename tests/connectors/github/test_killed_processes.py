"""Processes that are killed without a chance to say anything."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.connectors.github.small_github import SmallGitHub, pull
from tests.connectors.workspace import landed_records, open_store, windows
from tests.replay.loopback import Request, Response

PULLS = 1200
REVIEWED = 300


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_kills_at_any_instant_lose_nothing_and_double_nothing(tmp_path: Path, seed: int) -> None:
    github = SmallGitHub()
    github.put("pulls", *[pull(number, updated=number % 1440) for number in range(1, PULLS + 1)])
    for number in range(1, PULLS + 1):
        github.put(f"pulls/{number}/reviews", *[{"id": 10 * number}] * (number <= REVIEWED))
    generator = random.Random(seed)
    asked = 0
    fatal = 0

    def kill_at_some_requests(_request: Request) -> Response | None:
        nonlocal asked
        asked += 1
        if asked == fatal:
            process.send_signal(signal.SIGKILL)
        return None

    github.fault = kill_at_some_requests
    command = [sys.executable, "-m", "tests.connectors.github.one_extraction"]
    kills = 0
    with github.server:
        for attempt in range(12):
            fatal = asked + generator.randrange(1, 160) if attempt < 9 else 0
            process = subprocess.Popen(
                [*command, github.server.base_url, str(tmp_path), f"run{attempt}"],
                env={"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"},
            )
            if process.wait(120) == 0:
                break
            kills += 1
    assert kills >= 5
    with open_store(tmp_path) as store:
        numbers = [record["number"] for record in landed_records(store, "pull_requests")]
        assert sorted(numbers) == list(range(1, PULLS + 1))
        reviews = [record["id"] for record in landed_records(store, "reviews")]
        assert sorted(reviews) == [10 * number for number in range(1, REVIEWED + 1)]
        assert sorted({int(window["parent_key"]) for window in windows(store, "reviews")}) == sorted(
            range(1, PULLS + 1)
        )
        assert [finding for finding in store.verify() if finding.is_fatal] == []
