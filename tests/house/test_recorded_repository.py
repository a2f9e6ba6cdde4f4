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

pytestmark = pytest.mark.slow

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


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def first_releases(payloads: Path) -> dict[str, str]:
    """The commit of the first version tag that contains each commit, by walking the recorded parents."""
    commits = {row["sha"]: row for row in recorded(payloads, "commits")}
    tagged = {row["commit"] for row in recorded(payloads, "tags") if row["name"].startswith("v")}
    found: dict[str, str] = {}
    for release in sorted(tagged, key=lambda sha: instant(commits[sha]["committer"]["date"])):
        waiting = [release]
        while waiting:
            sha = waiting.pop()
            if sha not in found:
                found[sha] = release
                waiting.extend(commits[sha]["parents"])
    return found


def test_the_release_that_contains_each_change_is_the_one_that_walking_the_parents_finds(
    measured: Measured, payloads: Path
) -> None:
    expected = first_releases(payloads)
    merges = {row["sha"] for row in recorded(payloads, "commits") if len(row["parents"]) > 1}
    rows = measured[2].execute(
        "select changes.commit_sha, deployments.commit_sha from marts.fct_changes as changes "
        "left join marts.fct_deployments as deployments using (deployment_id)"
    )
    computed = dict(rows.fetchall())
    in_graph = {sha: computed[sha] for sha in computed if sha in expected}
    assert len(in_graph) > 1000
    assert in_graph == {sha: expected[sha] for sha in in_graph}
    known = {row["sha"] for row in recorded(payloads, "commits")}
    unreleased = {sha for sha in known - set(expected) if computed.get(sha) is not None}
    assert unreleased == set(), "what no tag contains is in no release"
    assert not merges & set(computed)


def test_the_release_that_contains_each_pull_request_is_the_one_of_its_merge(
    measured: Measured, payloads: Path
) -> None:
    releases = first_releases(payloads)
    merges = {
        row["issue_number"]: row["commit_id"]
        for row in recorded(payloads, "timeline")
        if row["event"] == "merged" and row.get("commit_id")
    }
    computed = measured[2].execute(
        "select pull_requests.number, deployments.commit_sha from marts.fct_pull_requests as pull_requests "
        "left join marts.fct_deployments as deployments using (deployment_id) "
        "where pull_requests.merged_at is not null"
    )
    found = {number: release for number, release in computed.fetchall() if number in merges}
    assert len(found) > 500
    assert found == {number: releases.get(merges[number]) for number in found}


def test_waiting_for_reviews_equals_a_plain_calculation_over_the_json(
    measured: Measured, payloads: Path
) -> None:
    pulls = {row["number"]: row for row in recorded(payloads, "pulls")}
    first: dict[int, datetime] = {}
    for review in recorded(payloads, "reviews"):
        pull = pulls[review["pull_number"]]
        author, reviewer = ((row.get("user") or {}).get("login") for row in (pull, review))
        is_bot = (review.get("user") or {}).get("type") == "Bot" or str(reviewer).endswith(("[bot]", "-bot"))
        if is_bot or reviewer == author or not review.get("submitted_at"):
            continue
        at = instant(review["submitted_at"])
        if not pull.get("merged_at") or at <= instant(pull["merged_at"]):
            first[pull["number"]] = min(at, first.get(pull["number"], at))
    computed = measured[2].execute(
        "select number, first_review_at from marts.fct_pull_requests where first_review_at is not null"
    )
    assert dict(computed.fetchall()) == first
