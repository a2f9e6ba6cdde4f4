"""A workspace with a publication, a vault of three people and a register of signers, for tests of cases."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import yaml

from governance.signers import Signer
from governance.token_key import load_token_key
from governance.vault import Vault
from orchestration.command import main
from orchestration.workspace import TOKEN_KEY, Workspace

CANARY = "tilda-canary"
ROLES: Mapping[str, tuple[str, ...]] = {
    "Rosa Palmer": ("dispute_reviewer", "correction"),
    "Omar Quill": ("dispute_reviewer", "correction"),
    "Una Reed": ("dispute_escalation", "redaction"),
}
_PUBLISHED = """
create schema marts;
create table marts.dim_metrics as select 'change_fail_rate' as metric, 'delivery-metrics' as owner;
create table marts.dim_teams as select 'payments' as team_id, ['payments', 'commerce'] as team_path;
create table marts.mart_metric_values as select
    'change_fail_rate' as metric, 'team' as scope_kind, 'payments' as scope_id, 'month' as period_grain,
    date '2026-04-01' as period_start;
create table marts.mart_team_scorecard as select
    'change_fail_rate' as metric, 'payments' as team_id, 'month' as period_grain,
    date '2026-04-01' as period_start, 'per_100_fte_days' as normalisation;
create table marts.fct_deployments as
select *, []::bigint[] as correction_leaf_indexes from (values
    ('d1', ['d1', 'd2'], 'shop', [41, 42], 'production', true, 'success', timestamptz '2026-05-06 10:00:00Z',
        timestamptz '2026-05-06 09:00:00Z'),
    ('d3', ['d3'], 'shop', [43], 'production', true, 'success', timestamptz '2026-05-07 10:00:00Z',
        timestamptz '2026-05-07 09:00:00Z')
) as deployments (
    deployment_id, part_ids, service_id, record_ids, environment, is_production, outcome, finished_at,
    started_at
);
create table marts.fct_incidents as select
    'i1' as incident_id, ['i1', 'page1'] as telling_ids, [51] as record_ids, 'sev1' as severity,
    timestamptz '2026-05-06 10:00:00Z' as started_at, timestamptz '2026-05-06 12:00:00Z' as resolved_at,
    []::bigint[] as correction_leaf_indexes;
create table marts.fct_issues as select
    'n1' as issue_id, [43, 61] as record_ids, 'Story' as issue_type, []::bigint[] as correction_leaf_indexes;
"""
_PEOPLE = (("tilda", "Tilda Moss"), ("rosa", "Rosa Palmer"), ("other", "Piet Fern"))


def furnish(workspace: Workspace) -> None:
    """Write the publication, the vault, the registers and the people's keys."""
    folder = workspace.published / "first"
    folder.mkdir(parents=True)
    workspace.current.symlink_to(folder)
    with duckdb.connect(str(folder / "analyst.duckdb")) as con:
        con.execute(f"set TimeZone = 'UTC'; {_PUBLISHED}")
    rows = [
        {
            "account_key": f"github:{number}",
            "kind": "github",
            "login": CANARY if login == "tilda" else login,
            "display_name": name,
            "email": f"{login}@acme.example",
            "account_type": "User",
        }
        for number, (login, name) in enumerate(_PEOPLE, 1)
    ]
    vault_of(workspace).assign(pa.Table.from_pylist(rows))
    entries = []
    for number, (person, roles) in enumerate(ROLES.items(), 1):
        seed = bytes([number])
        signer = Signer.create(
            person, key_of(workspace, person), random_bytes=lambda count, seed=seed: seed * count
        )
        entries.append({"person": person, "public_key": signer.public_key.hex(), "roles": list(roles)})
    write_yaml(workspace.governance / "signers.yml", {"signers": entries})
    accounts = {"Rosa Palmer": ["github:rosa"]}
    reviewers = [{"person": person, "accounts": accounts.get(person, [])} for person in ROLES]
    write_yaml(workspace.governance / "disputes.yml", {"reviewers": reviewers})


def vault_of(workspace: Workspace) -> Vault:
    return Vault(workspace.vault, load_token_key(workspace.key(TOKEN_KEY, workspace.settings())))


def write_yaml(path: Path, value: Any) -> None:
    path.write_text(yaml.safe_dump(value), encoding="utf-8")


def key_of(workspace: Workspace, person: str) -> Path:
    return workspace.root.parent / "people" / f"{person.split(maxsplit=1)[0].lower()}.pem"


def signed_by(workspace: Workspace, person: str = "Rosa Palmer") -> tuple[str, str]:
    return "--signed-by", f"{person}={key_of(workspace, person)}"


def assay(workspace: Workspace, *words: str) -> int:
    return main([*words, "--workspace", str(workspace.root)])


def answer(workspace: Workspace, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """Return what a command prints for scripts; it must succeed."""
    capsys.readouterr()
    code = assay(workspace, *words, "--json")
    printed = capsys.readouterr()
    assert code == 0, printed.err
    return json.loads(printed.out)


def refusal(workspace: Workspace, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what a command says that is refused."""
    capsys.readouterr()
    assert assay(workspace, *words) == 2
    return " ".join(capsys.readouterr().err.split())
