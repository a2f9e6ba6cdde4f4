"""`assay drift`: what waits for somebody, and what people say about it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import duckdb
import pytest

from orchestration.command import main
from orchestration.drift import accepted_in, listed_drifts
from orchestration.errors import WorkspaceLockedError
from orchestration.flow.warehouse import open_warehouse, read_between_runs, stage_mark
from orchestration.lock import workspace_lock
from orchestration.session import open_ledger
from orchestration.workspace import Workspace

COLUMNS = (
    "drift_id, source, stream, json_path, drift_kind, drift_class, was, is_now, first_log_index, first_url, "
    "first_seen_at, record_count, state"
)
DRIFTS = f"""
create schema quality;
create table quality.source_drift as
select * from (values
    ('drift-word', 'gitlab', 'jobs', 'status', 'unknown_word', 'suspicious', 'a known word', 'frozen', 7,
        'https://gitlab.example/jobs', timestamptz '2026-05-03 10:00:00Z', 3, 'open'),
    ('drift-lost', 'github', 'issues', 'number', 'values_lost', 'breaking', 'bigint', 'list', 9,
        'https://api.example/issues', timestamptz '2026-05-04 10:00:00Z', 1, 'open'),
    ('drift-past', 'github', 'issues', 'id', 'values_lost', 'breaking', 'bigint', 'list', 3,
        'https://api.example/issues', timestamptz '2026-05-01 10:00:00Z', 1, 'past'),
    ('drift-new', 'github', 'issues', 'type', 'new_field', 'harmless', 'unknown', 'object', 9,
        'https://api.example/issues', timestamptz '2026-05-04 10:00:00Z', 1, 'noted')
) as drifts ({COLUMNS});
create schema build;
create table build.stages as
select stage, 'b' as build_id, 'c' as code_sha256, 1::bigint as log_size, timestamptz '2026-05-04' as ended_at
from (values ('models'), ('checks'), ('publication')) as stages (stage);
"""
SAID = ("--by", "Ada Lovelace", "--because", "a new state of the vendor's, it counts as running")


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    made = make_workspace()
    made.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(made.warehouse)) as con:
        con.execute(f"set TimeZone = 'UTC'; {DRIFTS}")
    return made


def listed(workspace: Workspace, capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["drift", "list", "--json", *options, "--workspace", str(workspace.root)]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def accept(workspace: Workspace, drift: str, *options: str) -> int:
    return main(["drift", "accept", drift, *SAID, *options, "--workspace", str(workspace.root)])


def test_what_waits_is_listed_with_the_worst_first(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [each["drift_id"] for each in listed(workspace, capsys)] == [
        "drift-past",
        "drift-lost",
        "drift-word",
    ]
    assert len(listed(workspace, capsys, "--all")) == 4
    assert main(["drift", "list", "--workspace", str(workspace.root)]) == 0
    shown = capsys.readouterr().out
    assert "status: a known word became frozen (unknown_word)" in shown
    assert "first on page 7" in shown
    assert "3 drifts wait for somebody." in shown


def test_an_acceptance_is_recorded_and_the_next_run_checks_again(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert accept(workspace, "drift-word") == 0
    assert [each["drift_id"] for each in listed(workspace, capsys)] == ["drift-past", "drift-lost"]
    (word,) = [each for each in listed(workspace, capsys, "--all") if each["drift_id"] == "drift-word"]
    assert (word["state"], word["reason"]) == ("accepted", SAID[3])
    with open_ledger(workspace, workspace.settings()) as ledger:
        (decision,) = [held for _, held in accepted_in(ledger).values()]
    assert "Lovelace" not in decision.leaf().decode()
    with open_warehouse(workspace.warehouse) as con:
        assert stage_mark(con, "models") is not None
        assert stage_mark(con, "checks") is None
        assert stage_mark(con, "publication") is None
    assert accept(workspace, "drift-word", "--withdraw") == 0
    assert "drift-word" in {each["drift_id"] for each in listed(workspace, capsys)}


@pytest.mark.parametrize(
    ("drift", "message"),
    [
        ("drift-lost", "cannot be accepted while values are lost"),
        ("drift-new", "is harmless"),
        ("drift-none", "There is no drift drift-none"),
    ],
)
def test_what_cannot_be_accepted_is_refused_with_a_reason(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], drift: str, message: str
) -> None:
    assert accept(workspace, drift) == 2
    assert message in capsys.readouterr().err


def test_what_was_lost_before_may_be_accepted(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert accept(workspace, "drift-past") == 0
    assert "drift-past" not in {each["drift_id"] for each in listed(workspace, capsys)}


def test_before_the_first_run_there_is_nothing_to_list(
    make_workspace: Callable[..., Workspace], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["drift", "list", "--workspace", str(make_workspace().root)]) == 2
    assert "Begin with: assay run" in capsys.readouterr().err


def test_the_list_stays_away_from_a_run_and_keeps_none_from_its_warehouse(workspace: Workspace) -> None:
    """Whoever has the file open when dbt comes to it makes the run fail."""
    run = partial(workspace_lock, workspace.lock, command="assay run", at=datetime.now(UTC))
    with run(), pytest.raises(WorkspaceLockedError, match="assay run"):
        listed_drifts(workspace)
    with read_between_runs(workspace, command="assay drift"), pytest.raises(WorkspaceLockedError), run():
        pass
    assert listed_drifts(workspace)
