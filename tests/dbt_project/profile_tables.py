"""Tables of the documented shape, told in rows, and what a profile makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.profiles import ProfileRun, Range, find_profile, run_profile

Row = dict[str, Any]
COLUMNS: dict[str, dict[str, str]] = {
    "project_mapping": {"project_name": "varchar", "table": "varchar", "row_id": "varchar"},
    "cicd_deployment_commits": {
        "id": "varchar",
        "cicd_scope_id": "varchar",
        "cicd_deployment_id": "varchar",
        "repo_url": "varchar",
        "commit_sha": "varchar",
        "result": "varchar",
        "environment": "varchar",
        "started_date": "timestamp",
        "finished_date": "timestamp",
        "prev_success_deployment_commit_id": "varchar",
    },
    "commits_diffs": {"new_commit_sha": "varchar", "old_commit_sha": "varchar", "commit_sha": "varchar"},
    "pull_requests": {
        "id": "varchar",
        "base_repo_id": "varchar",
        "author_id": "varchar",
        "created_date": "timestamp",
        "merged_date": "timestamp",
        "merge_commit_sha": "varchar",
    },
    "pull_request_commits": {
        "pull_request_id": "varchar",
        "commit_sha": "varchar",
        "commit_authored_date": "timestamp",
    },
    "pull_request_comments": {
        "id": "varchar",
        "pull_request_id": "varchar",
        "account_id": "varchar",
        "created_date": "timestamp",
    },
    "incidents": {
        "id": "varchar",
        "table": "varchar",
        "scope_id": "varchar",
        "created_date": "timestamp",
        "resolution_date": "timestamp",
    },
}


def when(text: str | None) -> str | None:
    """Read '05-04 10:00' as a time of 2026; seconds may follow."""
    return None if text is None else f"2026-{text}"


def at(text: str) -> datetime:
    """Read '05-04 10:00' as an instant of 2026 in UTC."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


@dataclass
class Tables:
    """Rows by table. One project `shop` has the scope `shop`, the repository `shop` and the board `shop`."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {table: [] for table in COLUMNS})
    place: str = "the test"

    def __post_init__(self) -> None:
        self.project("shop", "shop")

    def project(self, name: str, *members: str) -> "Tables":
        """A project of scopes, repositories and boards of the same names."""
        for member in members:
            for table in ("cicd_scopes", "repos", "boards"):
                self.rows["project_mapping"].append({"project_name": name, "table": table, "row_id": member})
        return self

    def deploy(
        self,
        name: str,
        end: str | None,
        *,
        sha: str = "",
        start: str | None = None,
        of: str = "shop",
        deployment: str | None = None,
        repository: str = "shop.git",
        environment: str = "PRODUCTION",
        result: str = "SUCCESS",
        previous: str | None = None,
        brings: Sequence[str] = (),
        since: str = "",
    ) -> "Tables":
        """A row of a deployment; its difference to the commit `since` brings some commits."""
        self.rows["cicd_deployment_commits"].append(
            {
                "id": name,
                "cicd_scope_id": of,
                "cicd_deployment_id": deployment or f"D-{name}",
                "repo_url": repository,
                "commit_sha": sha or f"sha-{name}",
                "result": result,
                "environment": environment,
                "started_date": when(start or end),
                "finished_date": when(end),
                "prev_success_deployment_commit_id": previous,
            }
        )
        for commit in brings:
            difference = {
                "new_commit_sha": sha or f"sha-{name}",
                "old_commit_sha": since,
                "commit_sha": commit,
            }
            self.rows["commits_diffs"].append(difference)
        return self

    def pull_request(
        self,
        name: str,
        *,
        opened: str,
        merged: str | None,
        of: str = "shop",
        author: str | None = "ann",
        sha: str | None = None,
        commits: Sequence[str] = (),
    ) -> "Tables":
        """A pull request whose merge left the commit `merge-<name>`; `commits` are times of authoring."""
        self.rows["pull_requests"].append(
            {
                "id": name,
                "base_repo_id": of,
                "author_id": author,
                "created_date": when(opened),
                "merged_date": when(merged),
                "merge_commit_sha": f"merge-{name}" if sha is None else sha,
            }
        )
        for place, authored in enumerate(commits, start=1):
            commit = {"pull_request_id": name, "commit_sha": f"{name}-{place}"}
            self.rows["pull_request_commits"].append({**commit, "commit_authored_date": when(authored)})
        return self

    def comment(self, name: str, on: str, *, by: str | None, at: str) -> "Tables":
        """A comment or review."""
        row = {"id": name, "pull_request_id": on, "account_id": by, "created_date": when(at)}
        self.rows["pull_request_comments"].append(row)
        return self

    def incident(self, name: str, created: str, resolved: str | None = None, *, of: str = "shop") -> "Tables":
        """An incident on a board."""
        row = {"id": name, "table": "boards", "scope_id": of}
        row |= {"created_date": when(created), "resolution_date": when(resolved)}
        self.rows["incidents"].append(row)
        return self

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Write the rows as tables."""
        connection.execute("create schema told")
        for table, rows in self.rows.items():
            columns = COLUMNS[table]
            listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            connection.execute(f'create table told."{table}" ({listed})')
            if rows:
                arrow = pa.table(
                    {name: pa.array([row[name] for row in rows], pa.string()) for name in columns}
                )
                connection.register("told_rows", arrow)
                connection.execute(f'insert into told."{table}" by name select * from told_rows')
                connection.unregister("told_rows")

    def relation(self, connection: duckdb.DuckDBPyConnection, table: str) -> str | None:
        """Return the table that was written."""
        del connection
        return f'told."{table}"' if table in self.rows else None

    def run(self, *only: str, begin: str | None = None, end: str | None = None, **more: Any) -> ProfileRun:
        """Run a profile over the tables."""
        name, zone = more.pop("profile", "devlake_1_0"), more.pop("zone", "UTC")
        within = Range(at(begin) if begin else None, at(end) if end else None, zone)
        return run_profile(find_profile(name), self, within=within, only=only, **more)

    def result(self, name: str, *key: str, **more: Any) -> dict[Any, Row]:
        """Return one result's rows by their keys, by `id` unless told otherwise."""
        rows = self.run(name, **more).results[name].to_pylist()
        keys = key or ("id",)
        return {tuple(row[part] for part in keys) if key else row["id"]: row for row in rows}

    def value(self, metric: str, begin: str, end: str, *, project: str = "shop", **more: Any) -> Row:
        """Return one value for a range."""
        rows = self.run("values", begin=begin, end=end, **more).results["values"].to_pylist()
        (found,) = (row for row in rows if (row["project_name"], row["metric"]) == (project, metric))
        return dict(found)
