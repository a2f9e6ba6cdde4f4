"""The transform of a long history and of one more day, beside DuckDB's bare parsing of the same evidence.

After each of the two, all checks run: of the long history with every page still to be counted by the second
parser, of one more day with the pages of that day.

Factor 1 has 10,000 pull requests, 100,000 CI jobs, 20,000 issues and 50,000 changes of status; factor 100 a
million, ten million, two million and five million. Both are measured in seconds and in CPU seconds: what else
the machine does at the time changes the first more than the second.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

import duckdb

from benchmarks.figures import Figure
from benchmarks.long_history import LongHistory
from benchmarks.measuring import MEGABYTE, cpu_seconds, run_process, stopwatch

_USER = '{"id": "VARCHAR"}'
_JIRA_USER = '{"accountId": "VARCHAR"}'
STRUCTURES = {
    "github/pull_requests": """[{"id": "VARCHAR", "number": "VARCHAR", "state": "VARCHAR", "draft": "VARCHAR",
        "title": "VARCHAR", "body": "VARCHAR", "created_at": "VARCHAR", "updated_at": "VARCHAR",
        "closed_at": "VARCHAR", "merged_at": "VARCHAR", "merge_commit_sha": "VARCHAR", "user": USER,
        "labels": [{"name": "VARCHAR"}], "head": {"ref": "VARCHAR", "sha": "VARCHAR"},
        "base": {"ref": "VARCHAR", "repo": {"default_branch": "VARCHAR"}}}]""",
    "github/commits": """[{"sha": "VARCHAR", "author": USER, "parents": [{"sha": "VARCHAR"}], "commit": {
        "message": "VARCHAR", "author": {"email": "VARCHAR", "date": "VARCHAR"},
        "committer": {"date": "VARCHAR"}}}]""",
    "github/deployments": """[{"id": "VARCHAR", "sha": "VARCHAR", "environment": "VARCHAR", "task": "VARCHAR",
        "created_at": "VARCHAR", "updated_at": "VARCHAR", "creator": USER}]""",
    "github/deployment_statuses": """[{"id": "VARCHAR", "state": "VARCHAR", "created_at": "VARCHAR",
        "updated_at": "VARCHAR"}]""",
    "github/issues": """[{"id": "VARCHAR", "number": "VARCHAR", "state": "VARCHAR", "title": "VARCHAR",
        "body": "VARCHAR", "created_at": "VARCHAR", "updated_at": "VARCHAR", "closed_at": "VARCHAR",
        "user": USER, "labels": [{"name": "VARCHAR"}]}]""",
    "gitlab/pipelines": """[{"id": "VARCHAR", "project_id": "VARCHAR", "iid": "VARCHAR", "sha": "VARCHAR",
        "status": "VARCHAR", "source": "VARCHAR", "created_at": "VARCHAR", "updated_at": "VARCHAR"}]""",
    "gitlab/jobs": """[{"id": "VARCHAR", "pipeline": {"id": "VARCHAR", "sha": "VARCHAR"}, "name": "VARCHAR",
        "stage": "VARCHAR", "status": "VARCHAR", "failure_reason": "VARCHAR", "allow_failure": "VARCHAR",
        "tag": "VARCHAR", "created_at": "VARCHAR", "started_at": "VARCHAR", "finished_at": "VARCHAR",
        "user": USER}]""",
    "jira/issues": """{"issues": [{"id": "VARCHAR", "key": "VARCHAR", "fields": {"summary": "VARCHAR",
        "description": "VARCHAR", "issuetype": {"id": "VARCHAR", "name": "VARCHAR"},
        "project": {"id": "VARCHAR", "key": "VARCHAR"}, "priority": {"name": "VARCHAR"},
        "status": {"id": "VARCHAR", "name": "VARCHAR", "statusCategory": {"key": "VARCHAR"}},
        "resolution": {"name": "VARCHAR"}, "resolutiondate": "VARCHAR", "created": "VARCHAR",
        "updated": "VARCHAR", "labels": ["VARCHAR"], "components": [{"name": "VARCHAR"}],
        "assignee": JIRA, "reporter": JIRA, "creator": JIRA}}]}""",
    "jira/changelogs": """{"issueChangeLogs": [{"issueId": "VARCHAR", "changeHistories": [{"id": "VARCHAR",
        "created": "VARCHAR", "author": JIRA, "items": [{"field": "VARCHAR", "from": "VARCHAR",
        "fromString": "VARCHAR", "to": "VARCHAR", "toString": "VARCHAR"}]}]}]}""",
}
"""What of each record becomes columns; the same fields that the staging models read."""


def measure(factor: int) -> Iterator[Figure]:
    """Write the history, build it, add a day, build again; then parse the same pages and nothing else."""
    history = LongHistory(factor)
    written = history.write()
    yield Figure("bodies", written / MEGABYTE, "MB")
    parsed, parsed_cpu = _parsed(history)
    full = _transformed(history)
    yield from _of_full(full, parsed, parsed_cpu)
    yield from _of_checks("checks of all", _checked(history), full)
    history.write_last_day()
    day = _transformed(history)
    yield Figure("one more day", day["transform"], "s", full["transform"], "the full transform")
    yield Figure(
        "one more day, CPU", day["transform_cpu"], "CPU s", full["transform_cpu"], "the full transform"
    )
    yield from _of_checks("checks after one more day", _checked(history), full)


def _of_full(full: dict[str, Any], parsed: float, parsed_cpu: float) -> Iterator[Figure]:
    limit = "DuckDB parsing the same bodies into typed columns"
    yield Figure("parsing alone", parsed, "s")
    yield Figure("full transform", full["transform"], "s", parsed, limit)
    yield Figure("full transform, CPU", full["transform_cpu"], "CPU s", parsed_cpu, limit)
    yield Figure("tests of the models beside it", full["tests"], "s", full["transform"], "the full transform")
    yield Figure("peak memory", full["peak"], "MB")
    yield Figure("warehouse", full["warehouse_megabytes"], "MB")


def _of_checks(name: str, checked: dict[str, Any], full: dict[str, Any]) -> Iterator[Figure]:
    """By hand-over, and all of them beside the full transform."""
    limit = "the full transform"
    yield Figure(name, checked["checks"], "s", full["transform"], limit)
    yield Figure(f"{name}, CPU", checked["checks_cpu"], "CPU s", full["transform_cpu"], limit)
    for layer, seconds in checked["cpu"].items():
        yield Figure(f"{name}: {layer}, CPU", seconds, "CPU s")
    yield Figure(f"{name}: peak memory", checked["peak"], "MB")
    yield Figure(f"{name}: red", len(checked["red"]), "checks")


def _checked(history: LongHistory) -> dict[str, Any]:
    program = [sys.executable, "-m", "benchmarks.one_checking", str(history.workspace.root)]
    document: dict[str, Any] = json.loads(run_process(program).output.splitlines()[-1])
    return document


def _transformed(history: LongHistory) -> dict[str, Any]:
    program = [sys.executable, "-m", "benchmarks.one_transform", str(history.workspace.root)]
    document: dict[str, Any] = json.loads(run_process(program).output)
    return document


def _parsed(history: LongHistory) -> tuple[float, float]:
    """Return seconds and CPU seconds of parsing every page into columns of a table."""
    before = cpu_seconds()
    with duckdb.connect() as con, stopwatch() as watch:
        con.execute("set threads = 2")
        con.execute("set preserve_insertion_order = false")
        for stream, structure in STRUCTURES.items():
            shape = " ".join(structure.replace("USER", _USER).replace("JIRA", _JIRA_USER).split())
            files = f"read_parquet('{history.workspace.evidence}/{stream}/*.parquet')"
            con.execute(
                "create or replace temp table parsed as "
                f"select log_index, from_json(decode(body), '{shape}') as records from {files}"
            )
    return watch.seconds, cpu_seconds() - before
