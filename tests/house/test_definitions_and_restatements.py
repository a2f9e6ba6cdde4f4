"""From a first publication to one that restates it, through whole runs of a served company."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.command import main
from orchestration.errors import UsageError
from orchestration.flow.warehouse import mark_stage, open_warehouse, stage_mark
from orchestration.ledger.verification import verify_workspace
from orchestration.metric_definitions.history import (
    check_proof,
    definitions_on,
    find_definition,
    history_of,
    own_verifier,
    proof_of,
)
from orchestration.publication_difference import difference_of
from orchestration.republishing import publish_again
from orchestration.scaffold import scaffold
from orchestration.workspace import Workspace
from tests.house.company import END, company
from tests.house.every_source import clock_at

FIRST = datetime(2026, 6, 10, tzinfo=UTC)
METRIC = "deployment_frequency"


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def fatal(workspace: Workspace) -> list[str]:
    return [finding.object_name for finding in verify_workspace(workspace) if finding.is_fatal]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_company_is_told_what_its_second_publication_restates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with clock_at(FIRST), company(tmp_path, at=FIRST) as grown:
        grown.run()
        workspace = grown.workspace
        first = workspace.current.resolve()
        before = hashes(first)
        here = ["--workspace", str(workspace.root)]
        given = ["--role", "leadership", "--purpose", "review", "--output", str(tmp_path / "given")]
        assert main(["export", "give", "--to", "Grace Hopper", *given, *here]) == 0
        grown.move_to(END)
        with clock_at(END):
            grown.run()

        assert hashes(first) == before
        difference = difference_of(workspace, "previous", "current")
        comparison = difference.comparison
        cutoff = comparison.old.payload_log_size
        assert comparison.definitions == {}
        late = [fact for fact in comparison.facts if fact.cause in ("late_data", "changed_record")]
        assert late
        assert all(record >> 23 >= cutoff for fact in late for record in fact.late_record_ids)
        assert [cell for cell in comparison.cells if cell.causes == ("unexplained",)] == []
        assert [one.name for one in difference.recipients] == ["Grace Hopper"]
        manifest = json.loads((workspace.current / "manifest.json").read_bytes())
        assert manifest["restatement"]["values_restated"] == len(comparison.restated)

        assert len(history_of(workspace, METRIC)) == 1
        assert (
            find_definition(workspace, METRIC, "present").sha256 == definitions_on(workspace)[METRIC].sha256
        )
        (tmp_path / "proof.json").write_text(
            json.dumps(proof_of(workspace, definitions_on(workspace), day=None))
        )
        proven = check_proof(tmp_path / "proof.json", (own_verifier(workspace),))
        assert len(proven.proven) == len(definitions_on(workspace))
        assert fatal(workspace) == []

        policy = f"metrics:\n  {METRIC}:\n    minimum_n: 7\n"
        (workspace.governance / "policies.yml").write_text(policy, encoding="utf-8")
        with clock_at(END):
            publish_again(workspace)
        capsys.readouterr()
        old, new = (entry.sha256 or "" for entry in history_of(workspace, METRIC))
        assert main(["definition", "diff", METRIC, old[:12], new[:12], *here]) == 1
        assert "the minimum n was raised from 0 to 7" in capsys.readouterr().out
        assert len(history_of(workspace, "change_lead_time")) == 1

        with open_warehouse(workspace.warehouse) as con:
            mark = stage_mark(con, "models")
            assert mark is not None
            mark_stage(con, "models", replace(mark, code_sha256="that of other models"))
        with pytest.raises(UsageError, match="Build anew with: assay run"):
            publish_again(workspace)

        part = next(iter(sorted((workspace.definitions / "parts").iterdir())))
        part.write_bytes(part.read_bytes() + b" ")
        assert fatal(workspace) == [f"parts/{part.name}"]


def test_a_workspace_without_a_publication_has_no_definition_in_force(tmp_path: Path) -> None:
    untouched = scaffold(tmp_path / "workspace", organisation="acme", random_bytes=bytes)
    with pytest.raises(UsageError, match="assay run"):
        definitions_on(untouched)
