"""A real repository's recorded answers, from HTTP to the facts: nothing is lost, medians agree."""

import gzip
import json
import statistics
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.demonstration import simulated_people
from orchestration.run_record import NobodyWatches, RunRecord
from orchestration.running import run_workspace
from orchestration.scaffold import scaffold
from orchestration.workspace import Workspace
from tests.parsed import copy_parsed
from tests.replay.recorded import FULL_NAME, RecordedRepository

FILES = {
    "pull_requests": "pulls",
    "reviews": "reviews",
    "review_comments": "review_comments",
    "pull_request_commits": "pr_commits",
    "timeline": "timeline",
    "commits": "commits",
    "tags": "tags",
}
SETTINGS = """
organisation: secp256k1
sources:
  - name: github
    kind: github
    base_url: "{base_url}"
    repositories: ["{repository}"]
    token_env: REPLAY_TOKEN
services:
  - {{name: secp256k1, repository: "{repository}", owners: [{{team: maintainers}}]}}
teams: [{{name: maintainers}}]
deployments: {{from: tags}}
"""


def recorded(payloads: Path, name: str) -> list[dict[str, Any]]:
    with gzip.open(payloads / "github" / "secp256k1" / f"{name}.ndjson.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def measured(
    payloads: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Workspace, RunRecord, duckdb.DuckDBPyConnection]]:
    with RecordedRepository(payloads / "github" / "secp256k1").serve() as server:
        workspace = scaffold(
            tmp_path_factory.mktemp("recorded") / "workspace",
            organisation="secp256k1",
            random_bytes=bytes,
            settings=SETTINGS.format(base_url=server.base_url, repository=FULL_NAME),
            confirmation=simulated_people(),
        )
        copy_parsed(workspace)
        record, error = run_workspace(
            workspace, watcher=NobodyWatches(), environment={"REPLAY_TOKEN": "replayed"}
        )
    assert error is None
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        yield workspace, record, con


Measured = tuple[Workspace, RunRecord, duckdb.DuckDBPyConnection]


@pytest.mark.parametrize(("stream", "file"), FILES.items())
def test_counts_per_stream_equal_the_files(
    measured: Measured, payloads: Path, stream: str, file: str
) -> None:
    _, record, con = measured
    lines = len(recorded(payloads, file))
    assert next(report.records for report in record.reports if report.stream == stream) == lines
    assert con.execute(f"select count(*) from staging.stg_github__{stream}").fetchone() == (lines,)


def test_issues_are_the_recorded_ones_and_the_pull_requests(measured: Measured, payloads: Path) -> None:
    expected = len(recorded(payloads, "issues")), len(recorded(payloads, "pulls"))
    con = measured[2]
    kinds = con.execute(
        "select count(*) filter (where not is_pull_request), count(*) filter (where is_pull_request) "
        "from staging.stg_github__issues"
    )
    assert kinds.fetchone() == expected


def test_cycle_time_medians_equal_a_plain_calculation_over_the_json(
    measured: Measured, payloads: Path
) -> None:
    seconds_by_year: dict[int, list[float]] = defaultdict(list)
    for pull in recorded(payloads, "pulls"):
        if pull.get("merged_at"):
            merged, created = (
                datetime.fromisoformat(pull[name]).astimezone(UTC) for name in ("merged_at", "created_at")
            )
            seconds_by_year[merged.year].append((merged - created).total_seconds())
    computed = measured[2].execute(
        "select year(merged_at), median(cycle_seconds), count(*) from marts.fct_pull_requests "
        "where merged_at is not null group by all order by all"
    )
    assert computed.fetchall() == [
        (year, statistics.median(seconds), len(seconds)) for year, seconds in sorted(seconds_by_year.items())
    ]
