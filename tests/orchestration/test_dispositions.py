"""`assay incidents review`: the queue of incidents of unknown cause, and decisions about them."""

import json
from collections.abc import Callable

import duckdb
import pytest

from orchestration.command import main
from orchestration.dispositions import disposition_rows
from orchestration.session import open_ledger
from orchestration.workspace import Workspace

INCIDENTS = """
create schema marts;
create table marts.fct_incidents as
select
    *, 'i' || number as incident_id, 'acme/incidents#' || number as reference,
    ['i' || number, 'page' || number] as telling_ids, began::timestamptz as started_at,
    null::timestamptz as resolved_at
from (values
    (1, 'checkout', 'sev2', true, '2026-05-03 14:00:00Z', 'caused_by_deployment', 'reference',
        'explicit', ['d1']),
    (2, 'checkout', 'sev1', true, '2026-05-06 14:00:00Z', 'unknown', 'none', 'rule', ['d2']),
    (3, null, 'sev3', true, '2026-05-07 14:00:00Z', 'unknown', 'none', 'none', []),
    (4, 'checkout', null, false, '2026-05-08 14:00:00Z', 'unknown', 'none', 'rule', ['d2'])
) as incidents (
    number, service_id, severity, is_severity_configured, began, disposition, disposition_basis,
    link_strength, deployment_ids
);
create table marts.fct_deployments as
select * from (values
    ('d1', timestamptz '2026-05-03 10:00:00Z', true, 'success'),
    ('d2', timestamptz '2026-05-06 10:00:00Z', true, 'success'),
    ('d3', timestamptz '2026-05-09 10:00:00Z', true, 'success'),
    ('d4', timestamptz '2026-05-01 10:00:00Z', true, 'failed_rollout')
) as deployments (deployment_id, started_at, is_production, outcome);
"""


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    made = make_workspace()
    folder = made.published / "first"
    folder.mkdir(parents=True)
    made.current.symlink_to(folder)
    with duckdb.connect(str(folder / "analyst.duckdb")) as con:
        con.execute(f"set TimeZone = 'UTC'; {INCIDENTS}")
    return made


def review(workspace: Workspace, *options: str) -> int:
    return main(["incidents", "review", "--workspace", str(workspace.root), *options])


def decide(workspace: Workspace, decision: str) -> int:
    return review(workspace, "--set", decision, "--by", "Grace Hopper", "--reason", "postmortem 12")


def queue(workspace: Workspace, capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    capsys.readouterr()
    assert review(workspace, "--json", *options) == 0
    return [row["incident_id"] for row in json.loads(capsys.readouterr().out)]


def in_force(workspace: Workspace) -> list[tuple[str, str, list[str]]]:
    with open_ledger(workspace, workspace.settings()) as ledger:
        rows = disposition_rows(ledger)["incident_dispositions"].to_pylist()
    return [(row["incident_id"], row["disposition"], row["deployment_ids"]) for row in rows]


def test_the_queue_lists_unknown_causes_with_what_the_rule_would_blame(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert review(workspace) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("i3  acme/incidents#3  no service  sev3")
    assert lines[0].endswith("unknown; linked to no deployment")
    assert lines[1].endswith("unknown; the rule would blame d2")
    assert lines[2] == "2 incidents of unknown cause."
    assert queue(workspace, capsys, "--all") == ["i4", "i3", "i2", "i1"]


def test_a_decision_leaves_the_queue_and_enters_the_next_build(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert decide(workspace, "i2=caused_by:d1, d2") == 0
    assert decide(workspace, "i3=not_caused") == 0
    assert queue(workspace, capsys) == []
    assert in_force(workspace) == [("i2", "caused_by", ["d1", "d2"]), ("i3", "not_caused", [])]


def test_a_decision_about_an_incident_as_another_tool_tells_of_it_is_one_about_the_incident(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert decide(workspace, "page2=caused_by:d1") == 0
    assert queue(workspace, capsys) == ["i3"]
    assert decide(workspace, "i2=not_caused") == 0
    assert review(workspace, "--all") == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("i2 ")]
    assert "not_caused" in line


def test_a_decision_is_reversible(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert decide(workspace, "i2=not_caused") == 0
    assert decide(workspace, "i2=unknown") == 0
    assert in_force(workspace) == []
    assert queue(workspace, capsys) == ["i3", "i2"]


def test_the_log_keeps_the_reason_and_only_a_commitment_to_the_name(workspace: Workspace) -> None:
    assert decide(workspace, "i2=not_caused") == 0
    with open_ledger(workspace, workspace.settings()) as ledger:
        leaves = [leaf for _, leaf in ledger.leaves("governance", 0, ledger.size("governance"))]
    (leaf,) = [leaf for leaf in leaves if b"incident_disposition" in leaf]
    assert b"postmortem 12" in leaf
    assert b"Hopper" not in leaf
    assert json.loads(leaf)["decided_by"].startswith("c_")


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        ("i9=not_caused", "There is no incident i9"),
        ("i2=caused_by:d9", "no production deployment d9"),
        ("i2=caused_by:d4", "no production deployment d4"),
        ("i2=caused_by:d3", "after the incident began"),
        ("i2=caused_by:", "is not INCIDENT="),
        ("i2=guilty", "is not INCIDENT="),
        ("i2=not_caused:d1", "is not INCIDENT="),
        ("not_caused", "is not INCIDENT="),
    ],
)
def test_what_cannot_be_decided_is_refused_and_leaves_nothing(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], decision: str, message: str
) -> None:
    assert decide(workspace, decision) == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert in_force(workspace) == []


def test_a_decision_needs_a_name_and_a_reason(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert review(workspace, "--set", "i2=not_caused", "--by", "Grace") == 2
    assert "--reason" in capsys.readouterr().err
    assert review(workspace, "--reason", "why") == 2


def test_without_a_publication_there_is_nothing_to_review(
    make_workspace: Callable[..., Workspace], capsys: pytest.CaptureFixture[str]
) -> None:
    assert review(make_workspace()) == 2
    assert "assay run" in capsys.readouterr().err
