"""A disputed fact of a whole company: from the dispute to a correction in the numbers, and back again."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from governance.signers import Signer
from orchestration.cases.correcting import list_corrections
from orchestration.command import main
from orchestration.workspace import Workspace
from tests.house.company import Company, company
from tests.house.rows import hashes_of_rows

ROLES = {
    "Rosa Palmer": ("dispute_reviewer", "correction"),
    "Omar Quill": ("dispute_reviewer", "correction"),
}
_DEPLOYMENT = """
select deployment_id, service_id, finished_at::date from marts.fct_deployments
where is_production and outcome = 'success' and len(part_ids) = 1 and starts_with(deployment_id, 'github:')
order by finished_at, deployment_id limit 1
"""
_AUTHOR = """
select 'github:' || min(login) from sightings
where kind = 'github' and login is not null
    and account_key in (select account_key from accounts where not is_bot)
"""


def register(workspace: Workspace, keys: Path) -> dict[str, tuple[str, str]]:
    """Give two people keys and the roles that cases need; return how they sign."""
    signed, entries = {}, []
    for number, (person, roles) in enumerate(ROLES.items(), 1):
        path = keys / f"{number}.pem"
        signer = Signer.create(
            person, path, random_bytes=lambda count, number=number: bytes([number]) * count
        )
        entries.append({"person": person, "public_key": signer.public_key.hex(), "roles": list(roles)})
        signed[person] = ("--signed-by", f"{person}={path}")
    reviewers = [{"person": person, "accounts": []} for person in ROLES]
    (workspace.governance / "signers.yml").write_text(yaml.safe_dump({"signers": entries}))
    (workspace.governance / "disputes.yml").write_text(yaml.safe_dump({"reviewers": reviewers}))
    return signed


def one_row(path: Path, query: str) -> tuple[str, ...]:
    with duckdb.connect(str(path), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        row = con.execute(query).fetchone()
    assert row is not None
    return tuple(str(value) for value in row)


def assay(acme: Company, *words: str) -> None:
    assert main([*words, "--workspace", str(acme.workspace.root)]) == 0


def shared_files(workspace: Workspace) -> Iterator[Path]:
    private = {workspace.cases.parent, workspace.vault.parent, workspace.evidence}
    for path in workspace.root.rglob("*"):
        if path.is_file() and not private & set(path.parents):
            yield path


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_dispute_leads_to_a_correction_that_an_increment_and_a_full_refresh_read_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with company(tmp_path) as acme:
        acme.run()
        workspace, signed = acme.workspace, register(acme.workspace, tmp_path / "people")
        before = hashes_of_rows(workspace.warehouse)
        deployment, service, day = one_row(workspace.warehouse, _DEPLOYMENT)
        (account,) = one_row(workspace.vault, _AUTHOR)
        capsys.readouterr()

        cell = ("deployment_frequency", "--scope", f"service:{service}", "--period", day[:7])
        said = ("--reason", "wrong_record", "--text", "tilda-canary: that was a drill", "--as", account)
        assay(acme, "dispute", "open", *cell, *said)
        name = capsys.readouterr().out.split()[0]
        assay(acme, "dispute", "triage", name, *signed["Rosa Palmer"])
        (tmp_path / "trace.json").write_text("{}")
        sent = ("dispute", "send-evidence", name, "--file", str(tmp_path / "trace.json"))
        assay(acme, *sent, *signed["Rosa Palmer"])

        why = ("--reason", "not_production", "--text", "a drill", "--dispute", name)
        shown = ("--fact", f"deployment:{deployment}", "--evidence", str(tmp_path / "trace.json"))
        assay(acme, "correction", "propose", "is_production", "false", *shown, *why, *signed["Rosa Palmer"])
        made = re.findall(r"\bk-[0-9a-f]+\b", capsys.readouterr().out)[0]
        assay(acme, "correction", "approve", made, *signed["Omar Quill"])
        decided = (
            "dispute",
            "decide",
            name,
            "corrected",
            "--reason",
            "facts_corrected",
            "--correction",
            made,
        )
        assay(acme, *decided, *signed["Rosa Palmer"])

        record = acme.run()
        assert record.models_built > 0
        assert [
            check.name for check in record.checks if not check.is_passed and check.severity == "blocking"
        ] == []
        assert record.is_published_anew
        corrected = hashes_of_rows(workspace.warehouse)
        row = f"from marts.fct_deployments where deployment_id = '{deployment}'"
        assert one_row(workspace.warehouse, f"select is_production, is_corrected {row}") == ("False", "True")
        changed = {table for table in corrected if corrected[table] != before.get(table)}
        assert {"marts.fct_deployments", "marts.mart_metric_values"} <= changed
        assert not {table for table in changed if table.startswith("staging.")}
        (listed,) = list_corrections(workspace)
        assert listed["publication"] == "has it"

        acme.run(is_full_refresh=True)
        assert hashes_of_rows(workspace.warehouse) == corrected

        revoke = ("correction", "revoke", made, "--reason", "wrong_correction")
        for person in ROLES:
            assay(acme, *revoke, *signed[person])
        acme.run()
        assert hashes_of_rows(workspace.warehouse) == before
        assert main(["verify", "--workspace", str(workspace.root)]) == 0
        found = {path for path in shared_files(workspace) if b"tilda-canary" in path.read_bytes()}
        assert found == set()
