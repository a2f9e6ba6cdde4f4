from pathlib import Path

import pytest

from connectors.committer import BatchLimits
from connectors.evidence import Batch, CommitResult
from connectors.git import history
from tests.connectors.git.clones import NAME, Clone, commits, extract, paths, shas
from tests.connectors.workspace import landed, open_store, windows


def test_commits_come_newest_first_with_their_fields_and_paths(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    first = clone.commit("First\n\nA body\nof lines", a="1", src__b="2")
    second = clone.commit("Second", a="3")
    with open_store(tmp_path / "ws") as store:
        report = extract(store, clone.path)
        newest, oldest = commits(store)
        assert [newest[0], oldest[0]] == [second, first]
        assert newest[1] == first
        assert oldest[1] == ""
        assert newest[2:8] == [
            "Ada",
            "ada@example.invalid",
            "2025-10-09T10:55:20+02:00",
            "Ada",
            "ada@example.invalid",
            "2025-10-09T10:55:20+02:00",
        ]
        assert oldest[8] == "First\n\nA body\nof lines\n"
        assert paths(oldest) == ["a", "src/b"]
        assert paths(newest) == ["a"]
        (row,) = landed(store, "commits")
        assert (row["scope"], row["method"], row["status"], row["record_count"]) == (NAME, "GIT", 0, 2)
        assert str(tmp_path) not in str({name: row[name] for name in row if name != "body"})
        (window,) = windows(store, "commits")
        assert window["claimed_total"] == window["record_count"] == report.records == 2


def test_merges_name_all_parents_and_no_paths(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    base = clone.commit("Base", a="1")
    clone.git("switch", "-q", "-c", "feature")
    feature = clone.commit("Feature", b="1")
    clone.git("switch", "-q", "main")
    main = clone.commit("Main", c="1")
    merge = clone.merge("feature", "Merge feature")
    with open_store(tmp_path / "ws") as store:
        extract(store, clone.path)
        by_sha = {fields[0]: fields for fields in commits(store)}
        assert set(by_sha) == {base, feature, main, merge}
        assert by_sha[merge][1] == f"{main} {feature}"
        assert paths(by_sha[merge]) == []
        assert paths(by_sha[feature]) == ["b"]


def test_squashed_and_empty_commits_are_ordinary_ones(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    clone.commit("Base", a="1")
    clone.git("switch", "-q", "-c", "feature")
    clone.commit("One", b="1")
    clone.commit("Two", c="1")
    clone.git("switch", "-q", "main")
    clone.git("merge", "-q", "--squash", "feature")
    squashed = clone.commit_all("Feature (#1)")
    empty = clone.commit("Nothing")
    with open_store(tmp_path / "ws") as store:
        extract(store, clone.path)
        by_sha = {fields[0]: fields for fields in commits(store)}
        assert len(by_sha) == 3
        assert paths(by_sha[squashed]) == ["b", "c"]
        assert paths(by_sha[empty]) == []


def test_names_that_are_not_utf_8_and_weird_paths_survive(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    for name in ("ä.txt", "with space", 'quo"te', "tab\there", "new\nline", "\x1e\x1f"):
        clone.write(name, "1")
    clone.commit_all("Weird")
    blob = b"tree %s\nauthor J\xf6rg <j\xf6rg@example.invalid> 1760000000 +0000\n" % clone.git(
        "rev-parse", "HEAD^{tree}"
    ).encode() + (b"committer J\xf6rg <j@example.invalid> 1760000000 +0000\n\nGr\xfc\xdfe\n")
    sha = clone.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=blob)
    clone.git("update-ref", "refs/heads/main", sha)
    with open_store(tmp_path / "ws") as store:
        extract(store, clone.path)
        assert b"J\xf6rg" in landed(store, "commits")[0]["body"]
        (odd,) = commits(store)
        assert odd[0] == sha
        assert paths(odd) == [
            '"\\036\\037"',
            '"new\\nline"',
            '"quo\\"te"',
            '"tab\\there"',
            "with space",
            '"\\303\\244.txt"',
        ]


def test_a_message_cannot_forge_commits(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    base = clone.commit("Base", a="1")
    forged = "\x1e" + "f" * 40 + "\x1f\x1fEve\x1fe\x1fd\x1fEve\x1fe\x1fd\x1fm\x1f"
    bad = clone.commit(f"Innocent\x1f{forged}\nsecrets", b="1")
    worse = clone.commit(f"x\x1f\x1e{bad}\x1fy", c="1")
    clone.git("config", "user.name", "M\x1fallory")
    named = clone.commit("Named", d="1")
    last = clone.commit("Last", e="1")
    with open_store(tmp_path / "ws") as store:
        extract(store, clone.path)
        assert shas(store) == [last, named, worse, bad, base]
        by_sha = {fields[0]: fields for fields in commits(store)}
        assert all(len(fields) == 10 for fields in by_sha.values())
        assert "␞" in by_sha[bad][8]
        assert by_sha[named][2] == "M␟allory"
        assert [paths(by_sha[sha]) for sha in (named, worse, bad)] == [["d"], ["c"], ["b"]]


def test_a_message_cut_by_nul_does_not_shift_the_others(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    base = clone.commit("Base", a="1")
    marked = clone.commit("With \x1e mark", b="1")
    tree = clone.git("rev-parse", "HEAD^{tree}").encode()
    person = b"Ada <ada@example.invalid> 1760001000 +0000"
    blob = b"tree %s\nparent %s\nauthor %s\ncommitter %s\n\nbefore\0after\n" % (
        tree,
        marked.encode(),
        person,
        person,
    )
    sha = clone.git("hash-object", "--literally", "-t", "commit", "-w", "--stdin", stdin=blob)
    clone.git("update-ref", "refs/heads/main", sha)
    with open_store(tmp_path / "ws") as store:
        extract(store, clone.path)
        assert set(shas(store)) == {sha, marked, base}


def test_only_new_commits_are_read_again(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    clone.commit("One", a="1")
    with open_store(tmp_path / "ws") as store:
        extract(store, clone.path)
        new = clone.commit("Two", a="2")
        report = extract(store, clone.path)
        assert (report.records, shas(store)[1:]) == (1, [new])
        unchanged = extract(store, clone.path)
        assert (unchanged.records, unchanged.pages, unchanged.windows_closed) == (0, 0, 1)


def test_a_late_merge_of_an_old_branch_brings_its_old_commits(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    clone.commit("Base", a="1")
    clone.git("switch", "-q", "-c", "old")
    old = clone.commit("Old work", b="1")
    clone.git("switch", "-q", "main")
    clone.commit("Main", c="1")
    with open_store(tmp_path / "ws") as store:
        extract(store, clone.path)
        merge = clone.merge("old", "Merge at last")
        extract(store, clone.path)
        assert set(shas(store)[2:]) == {merge, old}


def test_a_force_push_adds_the_rewritten_commits(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    base = clone.commit("Base", a="1")
    lost = clone.commit("Lost", a="2")
    with open_store(tmp_path / "ws") as store:
        extract(store, clone.path)
        clone.git("reset", "-q", "--hard", base)
        rewritten = clone.commit("Rewritten", a="3")
        extract(store, clone.path)
        clone.git("reflog", "expire", "--expire=now", "--all")
        clone.git("gc", "-q", "--prune=now")
        after = clone.commit("After", a="4")
        extract(store, clone.path)
        assert shas(store) == [lost, base, rewritten, after]


def test_a_repository_without_commits_is_a_fact_and_not_a_failure(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    with open_store(tmp_path / "ws") as store:
        report = extract(store, clone.path)
        assert report.failures == ()
        (window,) = windows(store, "commits")
        assert (window["record_count"], window["page_indexes"]) == (0, [])
        first = clone.commit("First", a="1")
        extract(store, clone.path)
        assert shas(store) == [first]


def test_long_histories_are_cut_into_pages_of_whole_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = Clone(tmp_path / "shop")
    made = [clone.commit(f"Commit {number}", a=str(number)) for number in range(23)]
    monkeypatch.setattr(history, "PAGE_COMMITS", 5)
    with open_store(tmp_path / "ws") as store:
        extract(store, clone.path)
        rows = landed(store, "commits")
        assert [row["record_count"] for row in rows] == [5, 5, 5, 5, 3]
        assert all(row["body"].startswith(b"\x1e") for row in rows)
        assert shas(store) == made[::-1]
    monkeypatch.setattr(history, "PAGE_COMMITS", 2000)
    monkeypatch.setattr(history, "PAGE_BYTES", 1000)
    with open_store(tmp_path / "by_size") as store:
        extract(store, clone.path)
        assert all(len(row["body"]) <= 1000 for row in landed(store, "commits"))
        assert shas(store) == made[::-1]


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("survived", range(4))
def test_a_killed_run_goes_on_at_its_next_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, survived: int
) -> None:
    clone = Clone(tmp_path / "shop")
    made = [clone.commit(f"Commit {number}", a=str(number)) for number in range(23)]
    monkeypatch.setattr(history, "PAGE_COMMITS", 5)
    limits = BatchLimits(pages=1)
    with open_store(tmp_path / "ws") as store, monkeypatch.context() as patch:
        commit = store.commit
        done = 0

        def dying_commit(batch: Batch) -> CommitResult:
            nonlocal done
            if done >= survived:
                raise Killed
            done += 1
            return commit(batch)

        patch.setattr(store, "commit", dying_commit)
        with pytest.raises(Killed):
            extract(store, clone.path, limits=limits)
    newer = clone.commit("Meanwhile", a="x")
    with open_store(tmp_path / "ws") as store:
        assert len(landed(store, "commits")) == survived
        extract(store, clone.path, limits=limits, run_id="second")
        assert sorted(shas(store)) == sorted([*made, newer])
        expected = 1 if survived == 0 else 2
        assert len(windows(store, "commits")) == expected
        assert sum(window["record_count"] for window in windows(store, "commits")) == 24


def test_a_linked_worktree_a_bare_clone_and_a_subfolder_are_read_alike(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    made = [clone.commit("One", src__a="1"), clone.commit("Two", src__a="2")]
    clone.git("worktree", "add", "-q", str(tmp_path / "tree"), "HEAD")
    clone.git("clone", "-q", "--bare", str(clone.path), str(tmp_path / "bare.git"))
    for number, path in enumerate((tmp_path / "tree", tmp_path / "bare.git", clone.path / "src")):
        with open_store(tmp_path / f"ws{number}") as store:
            assert extract(store, path).failures == ()
            assert shas(store) == made[::-1]
            assert paths(commits(store)[0]) == ["src/a"]


def test_a_named_branch_is_found_as_local_or_remote(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    clone.commit("One", a="1")
    clone.git("switch", "-q", "-c", "release/1")
    released = clone.commit("Release", b="1")
    clone.git("switch", "-q", "main")
    clone.git("clone", "-q", str(clone.path), str(tmp_path / "copy"))
    for number, (path, branch) in enumerate(
        [(clone.path, "release/1"), (tmp_path / "copy", "release/1"), (tmp_path / "copy", "origin/release/1")]
    ):
        with open_store(tmp_path / f"ws{number}") as store:
            extract(store, path, branch=branch)
            assert shas(store)[0] == released
