"""A month fetched again through the whole house: what changed is built and published, and nothing else."""

import json
from pathlib import Path

import pytest

from orchestration.command import main
from tests.house.company import TOKEN, company


@pytest.mark.slow
def test_a_month_is_fetched_again_built_and_published_only_where_it_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_GITHUB_TOKEN", TOKEN)
    with company(tmp_path) as acme:
        first = acme.run()
        asked = ["backfill", "github", "--from", "2026-05-01", "--until", "2026-06-01", "--json"]
        assert main([*asked, "--workspace", str(acme.workspace.root)]) == 0
        document = json.loads(capsys.readouterr().out)
    streams = {each["stream"]: each for each in document["streams"]}
    assert set(streams) == {"workflow_runs", "workflow_jobs"}
    held = {report.stream: report for report in first.reports}
    assert 0 < streams["workflow_runs"]["records"] < held["workflow_runs"].records
    assert streams["workflow_jobs"]["requests"] == 0, "no run has changed"
    assert document["build"]["models_built"] == 0
    assert document["publication"] == first.publication
    assert not document["is_published_anew"]
