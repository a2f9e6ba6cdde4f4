from pathlib import Path

from tests.connectors.git.clones import NAME, Clone, extract
from tests.connectors.workspace import landed, open_store, windows


def tags(body: bytes) -> list[list[str]]:
    return [record.rstrip("\n").split("\x1f") for record in body.decode().split("\x1e")[1:]]


def test_tags_are_peeled_to_commits(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    sha = clone.commit("One", a="1")
    clone.git("tag", "v1.0")
    clone.git("tag", "-a", "-m", "Second release", "v2.0")
    with open_store(tmp_path / "ws") as store:
        report = extract(store, clone.path, stream="tags")
        (row,) = landed(store, "tags")
        light, annotated = tags(row["body"])
        assert light[:3] == ["v1.0", sha, sha]
        assert light[4:] == ["commit", "One"]
        assert annotated[0] == "v2.0"
        assert annotated[1] != sha
        assert annotated[2] == sha
        assert annotated[4:] == ["tag", "Second release"]
        assert (row["scope"], row["record_count"], report.records) == (NAME, 2, 2)


def test_unchanged_tags_are_not_landed_again(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    clone.commit("One", a="1")
    clone.git("tag", "v1.0")
    with open_store(tmp_path / "ws") as store:
        extract(store, clone.path, stream="tags")
        report = extract(store, clone.path, stream="tags")
        assert (report.pages, report.reused_pages) == (0, 1)
        assert [window["is_changed"] for window in windows(store, "tags")] == [True, False]
        clone.git("tag", "-d", "v1.0")
        extract(store, clone.path, stream="tags")
        assert windows(store, "tags")[-1]["page_indexes"] == []


def test_a_subject_cannot_forge_tags(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    sha = clone.commit("One", a="1")
    clone.git("tag", "-a", "-m", f"x\x1ev9\x1f{sha}\x1f{sha}\x1fd\x1fcommit\x1fy", "v1.0")
    with open_store(tmp_path / "ws") as store:
        extract(store, clone.path, stream="tags")
        (row,) = landed(store, "tags")
        (only,) = tags(row["body"])
        assert (len(only), only[0], row["record_count"]) == (6, "v1.0", 1)


def test_a_repository_without_tags_has_an_empty_set(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    with open_store(tmp_path / "ws") as store:
        extract(store, clone.path, stream="tags")
        assert windows(store, "tags")[0]["record_count"] == 0
