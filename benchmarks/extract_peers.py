"""Ours and others' on the same endpoints, from the first request to tables that can be queried.

The factor is a tenth of 30,000 issues, 10,000 pull requests and 50,000 commits: factor 10 is the whole. Peers
run in environments of their own, made on first use from the package index.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import yaml

from benchmarks.figures import FOLDER, Figure
from benchmarks.measuring import run_process
from orchestration.dbt_runner import DbtProject
from orchestration.demonstration import simulated_people
from orchestration.scaffold import scaffold

PROGRAMS = Path(__file__).parent / "peers"
PLACE = FOLDER / "peers"
TENTH = {"issues": 3_000, "pulls": 1_000, "commits": 5_000}
POINTS_PER_MINUTE = 900
TOKEN_VARIABLE = "ASSAY_GITHUB_TOKEN"  # noqa: S105 - the variable's name
RATED_COUNTS = {"issues": 90_000, "pulls": 1_000, "commits": 90_000}
"""Enough pages for two minutes at the documented rate."""


def measure(factor: int) -> Iterator[Figure]:
    """At no latency and at 100 ms, then at GitHub's documented rate."""
    counts = {name: tenth * factor for name, tenth in TENTH.items()}
    for latency_seconds in (0.0, 0.1):
        with _served(counts, latency_seconds=latency_seconds) as server:
            yield from _compared(server, counts, latency_seconds)
    with _served(RATED_COUNTS, latency_seconds=0.0, points_per_minute=POINTS_PER_MINUTE) as server:
        yield from _at_the_limit(server)


class _Server:
    """The server's process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.base_url: str = self._line()["base_url"]

    def asked(self) -> dict[str, float]:
        """What was asked since the last call."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        told: dict[str, float] = self._line()
        return told

    def _line(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def _served(
    counts: dict[str, int], *, latency_seconds: float, points_per_minute: int | None = None
) -> Iterator[_Server]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.peers.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    told = {
        "counts": counts,
        "latency_seconds": latency_seconds,
        "points_per_minute": points_per_minute,
        "prepare": points_per_minute is None,
    }
    process.stdin.write(json.dumps(told) + "\n")
    process.stdin.flush()
    try:
        yield _Server(process)
    finally:
        process.stdin.close()
        process.wait()


def _compared(server: _Server, counts: dict[str, int], latency_seconds: float) -> Iterator[Figure]:
    at = f" at {latency_seconds * 1000:.0f} ms"
    records = sum(counts.values())
    ours = _ours(server)
    rate = records / (ours["extracting_seconds"] + ours["loading_seconds"])
    peers = {"dlt": _dlt(server, counts), "tap-github": _tap(server, counts)}
    best = max(peers, key=lambda name: records / peers[name])
    for name, seconds in peers.items():
        yield Figure(f"{name}{at}", records / seconds, "records/s")
    yield Figure(f"assay{at}", rate, "records/s", records / peers[best], f"{best}, same endpoints")
    yield Figure(f"requests{at}", ours["requests"], "requests")
    yield Figure(f"extracting{at}", ours["extracting_seconds"], "s")
    yield Figure(f"loading{at}", ours["loading_seconds"], "s")
    yield Figure(f"memory while extracting{at}", ours["extracting_megabytes"], "MB")
    yield Figure(f"memory while loading{at}", ours["loading_megabytes"], "MB")


def _at_the_limit(server: _Server) -> Iterator[Figure]:
    _ours(server, requests_per_minute=POINTS_PER_MINUTE, is_loaded=False)
    asked = server.asked()
    per_minute = 60 * asked["requests"] / asked["seconds"]
    yield Figure("requests at the documented rate", asked["requests"], "requests")
    yield Figure("rate", per_minute, "requests/min", POINTS_PER_MINUTE, "900 points a minute")
    yield Figure("secondary limits met", asked["refused"], "replies")


def _ours(
    server: _Server, *, requests_per_minute: int | None = None, is_loaded: bool = True
) -> dict[str, Any]:
    """Fetch and stage in a process of its own; models are parsed beforehand, as they are once a release."""
    folder = PLACE / "assay"
    shutil.rmtree(folder, ignore_errors=True)
    source: dict[str, Any] = {
        "name": "github",
        "kind": "github",
        "base_url": server.base_url,
        "repositories": ["acme/large"],
        "token_env": TOKEN_VARIABLE,
        "details": "rest",
        "streams": ["repositories", "pull_requests", "issues", "commits"],
        "concurrency": 16,
    }
    if requests_per_minute is not None:
        source["requests_per_minute"] = requests_per_minute
    settings = yaml.safe_dump({"organisation": "acme", "sources": [source]})
    workspace = scaffold(
        folder,
        organisation="acme",
        random_bytes=secrets.token_bytes,
        settings=settings,
        confirmation=simulated_people(),
    )
    workspace.make_data_folders()
    DbtProject(workspace).manifest()
    server.asked()
    program = [sys.executable, "-m", "benchmarks.peers.assay", str(folder)]
    done = run_process(
        program if is_loaded else [*program, "--extract-only"],
        environment={**os.environ, TOKEN_VARIABLE: "benchmark"},
    )
    told: dict[str, Any] = json.loads(done.output.splitlines()[-1])
    return told


def _dlt(server: _Server, counts: dict[str, int]) -> float:
    folder = _fresh("dlt-run")
    python = _environment("dlt", "dlt[duckdb]") / "bin" / "python"
    environment = {**os.environ, "DLT_DATA_DIR": str(folder / "state"), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    program = [str(python), str(PROGRAMS / "dlt_pipeline.py"), server.base_url, str(folder)]
    told = json.loads(run_process(program, environment=environment).output.splitlines()[-1])
    wanted = {"issues": counts["issues"], "pull_requests": counts["pulls"], "commits": counts["commits"]}
    assert told["rows"] == wanted, told
    return float(told["seconds"])


def _tap(server: _Server, counts: dict[str, int]) -> float:
    folder = _fresh("tap-run")
    tap = _environment("tap", "meltanolabs-tap-github") / "bin" / "tap-github"
    target = _environment("target", "target-duckdb", "duckdb<2") / "bin" / "target-duckdb"
    program = [
        sys.executable,
        str(PROGRAMS / "tap_pipeline.py"),
        server.base_url,
        str(folder),
        str(tap),
        str(target),
    ]
    told = json.loads(run_process(program).output.splitlines()[-1])
    with duckdb.connect(str(folder / "large.duckdb"), read_only=True) as con:
        for table, name in (("issues", "issues"), ("pull_requests", "pulls"), ("commits", "commits")):
            (found,) = con.execute(f"select count(*) from {table}").fetchone() or (0,)
            assert found >= counts[name] - 1, (table, found)  # the tap leaves the first commit out
    return float(told["seconds"])


def _environment(name: str, *packages: str) -> Path:
    """An environment of its own, made on first use."""
    folder = PLACE / "environments" / name
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run(
            [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages], check=True
        )
        (folder / "ready").touch()
    return folder


def _fresh(name: str) -> Path:
    folder = PLACE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
