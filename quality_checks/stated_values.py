"""Where values of the models that are written by hand stand in their records.

Stated a second time from the vendors' documentation, as the keys in `streams` are: whoever reads another
field, swaps two columns or shifts a time zone in a model's SQL differs from it. What generated models read is
declared, and their contracts are derived from that.
"""

from collections.abc import Mapping
from typing import Final

from quality_checks.streams import KeyPart, KeyReading

_NUMBERS: Final = frozenset({"number", "run_attempt", "additions", "deletions", "changedFiles"})


def _values(**columns: str) -> tuple[KeyPart, ...]:
    """Values by column: a dotted path, read as the column's name says."""
    return tuple(
        KeyPart(
            tuple(int(key) if key.isdigit() else key for key in path.split(".")),
            column,
            _reading(column, path),
        )
        for column, path in columns.items()
    )


def _reading(column: str, path: str) -> KeyReading:
    if column.endswith("_at"):
        return "instant"
    return "whole_number" if path.rpartition(".")[2] in _NUMBERS else "text"


_MOVES: Final = {"created_at": "created_at", "source_updated_at": "updated_at"}
_COMMIT: Final = _values(authored_at="commit.author.date", committed_at="commit.committer.date")

STATED_VALUES: Final[Mapping[tuple[str, str], tuple[KeyPart, ...]]] = {
    ("github", "pull_requests"): _values(
        number="number",
        state="state",
        is_draft="draft",
        closed_at="closed_at",
        merged_at="merged_at",
        head_sha="head.sha",
        merge_commit_sha="merge_commit_sha",
        **_MOVES,
    ),
    ("github", "item_details"): _values(
        number="number",
        added_line_count="additions",
        deleted_line_count="deletions",
        changed_file_count="changedFiles",
        source_updated_at="updatedAt",
    ),
    ("github", "reviews"): _values(state="state", submitted_at="submitted_at"),
    ("github", "pull_request_commits"): _COMMIT,
    ("github", "commits"): _COMMIT,
    ("github", "issues"): _values(
        number="number", state="state", state_reason="state_reason", closed_at="closed_at", **_MOVES
    ),
    ("github", "deployments"): _values(
        commit_sha="sha",
        environment="environment",
        task="task",
        is_transient="transient_environment",
        is_production_environment="production_environment",
        **_MOVES,
    ),
    ("github", "deployment_statuses"): _values(state="state", **_MOVES),
    ("github", "releases"): _values(
        tag_name="tag_name", is_draft="draft", created_at="created_at", published_at="published_at"
    ),
    ("github", "workflow_runs"): _values(
        workflow_name="name",
        event="event",
        head_sha="head_sha",
        status="status",
        conclusion="conclusion",
        run_attempt="run_attempt",
        run_started_at="run_started_at",
        **_MOVES,
    ),
    ("github", "workflow_jobs"): _values(
        run_attempt="run_attempt",
        status="status",
        conclusion="conclusion",
        created_at="created_at",
        started_at="started_at",
        completed_at="completed_at",
    ),
    ("git", "commits"): _values(commit_sha="0", authored_at="4", committed_at="7"),
    ("jira", "issues"): _values(
        issue_key="key",
        project_key="fields.project.key",
        issue_type_name="fields.issuetype.name",
        status_id="fields.status.id",
        status_category_key="fields.status.statusCategory.key",
        created_at="fields.created",
        source_updated_at="fields.updated",
        resolved_at="fields.resolutiondate",
    ),
    ("gitlab", "merge_requests"): _values(
        state="state", merged_at="merged_at", closed_at="closed_at", **_MOVES
    ),
}
