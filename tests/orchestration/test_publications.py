"""People name a publication by its id, its beginning, `current` or `previous`; nothing else is opened."""

import json
from pathlib import Path

import duckdb
import pytest

from orchestration.command import main
from orchestration.errors import UsageError
from orchestration.publications import publication_folder
from orchestration.republishing import refuse_moved
from orchestration.workspace import Workspace

FIRST, SECOND = "20260501T000000Z-aaaa", "20260601T000000Z-bbbb"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path)
    for name, before in ((FIRST, None), (SECOND, FIRST), (".building-20260701T000000Z-cccc", SECOND)):
        folder = made.published / name
        folder.mkdir(parents=True)
        document = {"publication_id": name, "content_sha256": "", "files": [], "previous": before}
        (folder / "manifest.json").write_text(json.dumps(document))
    made.current.symlink_to(SECOND)
    (tmp_path / "assay.yml").touch()
    return made


@pytest.mark.parametrize(
    ("name", "found"), [(FIRST, FIRST), ("20260501", FIRST), ("current", SECOND), ("previous", FIRST)]
)
def test_a_publication_is_found_by_any_of_its_names(workspace: Workspace, name: str, found: str) -> None:
    assert publication_folder(workspace, name) == workspace.published / found


@pytest.mark.parametrize(
    "name", ["..", ".", "", "/etc", f"{FIRST}/..", "2026", "20260701", ".building-20260701T000000Z-cccc", "x"]
)
def test_what_names_no_one_publication_is_refused_with_those_that_there_are(
    workspace: Workspace, name: str
) -> None:
    with pytest.raises(UsageError, match=f"{FIRST}, {SECOND}$"):
        publication_folder(workspace, name)


def test_before_the_first_publication_there_is_none(workspace: Workspace) -> None:
    workspace.current.unlink()
    workspace.current.symlink_to(FIRST)
    with pytest.raises(UsageError, match="is the first publication"):
        publication_folder(workspace, "previous")


def test_nothing_published_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Nothing is published"):
        publication_folder(Workspace(tmp_path))
    with pytest.raises(UsageError, match=r"none$"):
        publication_folder(Workspace(tmp_path), FIRST)


@pytest.mark.parametrize(
    "command",
    [
        ["verify", "--publication", ".."],
        ["replay", "--publication", ".."],
        ["replay", "--publication", "current", "--scope", "service:checkout"],
        ["replay", "--publication", "current", "--as", "github:ada"],
        ["trace", "change_lead_time", "--scope", "team:a", "--period", "2026-05", "--publication", ".."],
        ["export", "..", "--to", "Grace", "--output", "handed"],
    ],
)
def test_no_command_leaves_the_folder_of_publications(
    workspace: Workspace, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--workspace", str(workspace.root)]) == 2
    assert "unexpected" not in capsys.readouterr().err


def test_a_warehouse_whose_views_read_another_folder_is_not_published(
    workspace: Workspace, tmp_path: Path
) -> None:
    with duckdb.connect() as con:
        con.execute("create schema raw")
        for folder, is_refused in ((workspace.evidence, False), (tmp_path / "elsewhere" / "evidence", True)):
            file = folder / "github" / "000000000000.parquet"
            file.parent.mkdir(parents=True)
            con.execute(f"copy (select 1 as log_index) to '{file}' (format parquet)")
            con.execute(
                f"create or replace view raw.evidence_pages as select * from read_parquet(['{file}'])"
            )
            if is_refused:
                with pytest.raises(UsageError, match=r"moved or copied to .* assay run"):
                    refuse_moved(workspace, con)
            else:
                refuse_moved(workspace, con)
