from pathlib import Path
from typing import Any

import pytest

from connectors.evidence import EvidenceStore, StoredPage
from connectors.files.source import FileSource
from tests.connectors.backstage.test_backstage import ADA, CHECKOUT
from tests.connectors.codeowners.test_codeowners import FIRST
from tests.connectors.drops.test_drops import HEADER, drop, row
from tests.connectors.drops.test_drops import settings as drops
from tests.connectors.files.file_source import extract, opened
from tests.connectors.git.clones import Clone
from tests.connectors.workspace import landed, open_store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    clone = Clone(tmp_path / "shop")
    clone.write("catalog-info.yaml", CHECKOUT)
    clone.write("people/catalog-info.yaml", ADA)
    clone.commit("Owners", CODEOWNERS=FIRST)
    clone.commit("Others", CODEOWNERS="* @acme/b\n")
    (tmp_path / "people.csv").write_text("person_id,employment_from\np1,2024-01-01\n")
    drop(tmp_path, "a.csv", HEADER + row(1))
    drop(tmp_path, "b.csv", HEADER + row(2))
    return tmp_path


def sources() -> list[dict[str, Any]]:
    repositories = [{"name": "acme/shop", "path": "shop"}]
    return [
        {"kind": "roster", "people": "people.csv"},
        {"kind": "backstage", "repositories": repositories},
        {"kind": "codeowners", "repositories": repositories},
        drops(),
    ]


@pytest.mark.parametrize("settings", sources(), ids=lambda settings: settings["kind"])
def test_records_are_what_their_files_give_and_anything_else_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    with open_store(folder / "ws") as store:
        reports = extract(store, folder, **settings)
        extract(store, folder, run_id="again", **settings)
        source = opened(store, folder, **settings)
        assert isinstance(source, FileSource)
        assert source.disagreements() == []
        streams = [name for name in reports if name != "files" and landed(store, name)]
        tampered = {landed(store, stream)[-1]["log_index"] for stream in streams}
        read = EvidenceStore.page

        def changed(self: EvidenceStore, log_index: int) -> StoredPage:
            page = read(self, log_index)
            if log_index in tampered:
                object.__setattr__(page, "body", page.body.replace(b"{", b'{"x":1,', 1))
            return page

        monkeypatch.setattr(EvidenceStore, "page", changed)
        found = source.disagreements()
        assert len(found) == len(tampered)
        assert all("is not what its file gives" in problem for problem in found)
