"""A byte that changes anywhere is found and named; a recorded redaction is not a change."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.command import main
from orchestration.workspace import Workspace
from tests.house.company import company

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with company(tmp_path_factory.mktemp("company"), services=2) as small:
        small.run()
        yield small.workspace


@pytest.fixture
def copy(published: Workspace, tmp_path: Path) -> Workspace:
    shutil.copytree(published.root, tmp_path / "workspace", symlinks=True)
    return Workspace(tmp_path / "workspace")


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))


def test_nothing_differs_before_anything_is_changed(
    published: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "--workspace", str(published.root)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    "pattern",
    [
        "evidence/github/pull_requests/*.parquet",
        "evidence/git/commits/*.parquet",
        "ledger/ledger.sqlite",
        "published/2*/marts/mart_dora_monthly.csv",
        "published/2*/report.html",
        "published/2*/analyst.duckdb",
    ],
)
@pytest.mark.parametrize("place", [0.0, 0.5, 0.999])
def test_a_flipped_byte_is_found_with_the_name_of_its_object(
    copy: Workspace, capsys: pytest.CaptureFixture[str], pattern: str, place: float
) -> None:
    file = next(iter(sorted((copy.root / "data").glob(pattern))))
    flip(file, int(file.stat().st_size * place))
    assert main(["verify", "--workspace", str(copy.root)]) == 1
    assert file.name in capsys.readouterr().out


def trace(capsys: pytest.CaptureFixture[str], workspace: Workspace) -> dict[str, Any]:
    cell = ["pull_request_lead_time", "--scope", "organisation:acme", "--period", "2026-Q2"]
    seen = ["--all", "--view", "auditor", "--as", "github:auditor"]
    assert main(["trace", *cell, *seen, "--json", "--workspace", str(workspace.root)]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_a_redaction_by_two_people_keeps_everything_green_and_shows_in_the_trace(
    copy: Workspace, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = trace(capsys, copy)
    lists = {page["log_index"] for page in before["pages"] if "/pulls?" in page["url"]}
    record = next(record for record in before["records"] if record["log_index"] in lists)
    assert record["value"]["title"] is not None
    entries = []
    for person in ("first", "second"):
        assert main(["signer", person, "--key", str(tmp_path / person), "--role", "redaction"]) == 0
        entries += yaml.safe_load(capsys.readouterr().out)["signers"]
    (copy.governance / "signers.yml").write_text(yaml.safe_dump({"signers": entries}))

    place = ["--workspace", str(copy.root)]
    path = f"$[{record['ordinal']}].title"
    order = ["redact", str(record["log_index"]), path, "--policy", "erasure", "--reason", "case 12", *place]
    assert main([*order, "--signed-by", f"first={tmp_path / 'first'}"]) == 2
    assert "2 different people" in capsys.readouterr().err
    for person in ("first", "second"):
        order += ["--signed-by", f"{person}={tmp_path / person}"]
    assert main(order) == 0
    assert main(["verify", *place]) == 0, capsys.readouterr().out
    capsys.readouterr()

    after = trace(capsys, copy)
    page = next(page for page in after["pages"] if page["log_index"] == record["log_index"])
    assert [redaction["json_paths"] for redaction in page["redactions"]] == [[path]]
    again = next(one for one in after["records"] if one["record_id"] == record["record_id"])
    assert again["value"]["title"] is None
    assert after["cell"] == before["cell"]
