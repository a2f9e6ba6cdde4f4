"""What can be wrong with a clone, and what a clone's own configuration must not be able to do."""

import os
from pathlib import Path

import pytest

from connectors.errors import PermanentSourceError
from connectors.git.config import GitConfig, GitRepository
from connectors.git.source import GitSource
from connectors.reports import StreamReport
from tests.connectors.git.clones import Clone, commits, extract, git_source, paths, shas
from tests.connectors.workspace import FakeTime, landed, open_store


def trouble(report: StreamReport) -> str:
    (failure,) = report.failures
    assert isinstance(failure.error, PermanentSourceError)
    assert failure.scope == "acme/shop"
    return str(failure.error)


@pytest.mark.parametrize("stream", ["commits", "tags"])
def test_a_folder_that_is_no_repository_is_named(tmp_path: Path, stream: str) -> None:
    (tmp_path / "plain").mkdir()
    with open_store(tmp_path / "ws") as store:
        message = trouble(extract(store, tmp_path / "plain", stream=stream))
        assert "no git repository" in message
        assert str(tmp_path / "plain") in message


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with open_store(tmp_path / "ws") as store:
        assert "does not exist" in trouble(extract(store, tmp_path / "nowhere"))


def test_a_branch_that_does_not_exist_is_named_with_those_that_do(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    clone.commit("One", a="1")
    with open_store(tmp_path / "ws") as store:
        message = trouble(extract(store, clone.path, branch="master"))
        assert "no branch master" in message
        assert "main" in message


def test_a_head_without_commits_beside_other_branches_is_no_empty_repository(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    clone.commit("One", a="1")
    clone.git("symbolic-ref", "HEAD", "refs/heads/master")
    with open_store(tmp_path / "ws") as store:
        assert "the one that HEAD points to" in trouble(extract(store, clone.path))


def test_a_shallow_clone_is_refused_because_its_history_would_be_wrong(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    clone.commit("One", a="1")
    clone.commit("Two", a="2")
    clone.git("clone", "-q", "--depth=1", f"file://{clone.path}", str(tmp_path / "shallow"))
    with open_store(tmp_path / "ws") as store:
        assert "--unshallow" in trouble(extract(store, tmp_path / "shallow"))
        (diagnosis,) = git_source(store, tmp_path / "shallow").check()
        assert not diagnosis.is_ok
        assert landed(store, "commits") == []


def test_a_partial_clone_is_refused_and_nothing_is_fetched(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    clone.commit("One", a="1")
    clone.commit("Two", a="2")
    clone.git("config", "uploadpack.allowFilter", "true")
    clone.git(
        "clone", "-q", "--bare", "--filter=tree:0", f"file://{clone.path}", str(tmp_path / "partial.git")
    )
    with open_store(tmp_path / "ws") as store:
        message = trouble(extract(store, tmp_path / "partial.git"))
        assert "partial" in message or "missing" in message


def test_one_bad_clone_does_not_stop_the_rest(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    sha = clone.commit("One", a="1")
    config = GitConfig(
        "git", (GitRepository("acme/lost", tmp_path / "lost"), GitRepository("acme/shop", clone.path))
    )
    with open_store(tmp_path / "ws") as store:
        report = GitSource(config, store=store, runtime=FakeTime().runtime()).extract("commits", run_id="r")
        assert [failure.scope for failure in report.failures] == ["acme/lost"]
        assert shas(store) == [sha]


def test_git_that_is_not_installed_is_told(tmp_path: Path) -> None:
    config = GitConfig("git", (GitRepository("acme/shop", tmp_path),), executable="git-of-another-world")
    with open_store(tmp_path / "ws") as store:
        report = GitSource(config, store=store, runtime=FakeTime().runtime()).extract("commits", run_id="r")
        assert "Install git" in trouble(report)


def test_programs_that_a_clone_configures_do_not_run(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    clone.commit("One", a="1")
    clone.write(".gitattributes", "* diff=evil filter=evil\n")
    clone.commit_all("Two")
    mark = tmp_path / "ran"
    program = f"touch {mark}; false"
    for name in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.clean",
        "gpg.program",
        "pager.log",
        "core.editor",
    ):
        clone.git("config", name, program)
    clone.git("config", "log.showSignature", "true")
    clone.git("config", "core.hooksPath", str(tmp_path / "hooks"))
    (tmp_path / "hooks").mkdir()
    for hook in ("post-index-change", "reference-transaction", "post-checkout"):
        path = tmp_path / "hooks" / hook
        path.write_text(f"#!/bin/sh\ntouch {mark}\n")
        path.chmod(0o755)
    with open_store(tmp_path / "ws") as store:
        assert extract(store, clone.path).records == 2
        assert extract(store, clone.path, stream="tags").failures == ()
    assert not mark.exists()


def test_settings_of_a_clone_do_not_change_what_is_printed(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    clone.commit("One", src__a="1" * 100)
    clone.git("mv", "src/a", "src/b")
    clone.commit_all("Move")
    settings = {
        "color.ui": "always",
        "core.quotePath": "false",
        "diff.noprefix": "true",
        "diff.relative": "true",
        "diff.renames": "copies",
        "format.pretty": "oneline",
        "i18n.logOutputEncoding": "UTF-16",
        "log.decorate": "full",
        "log.diffMerges": "on",
        "log.follow": "true",
        "log.mailmap": "true",
        "log.showRoot": "false",
        "log.date": "relative",
        "notes.displayRef": "*",
    }
    for name, value in settings.items():
        clone.git("config", name, value)
    clone.git("notes", "add", "-m", "a note")
    with open_store(tmp_path / "ws") as store:
        extract(store, clone.path / "src")
        moved, first = commits(store)
        assert paths(moved) == ["src/a", "src/b"]
        assert paths(first) == ["src/a"]
        assert moved[8] == "Move\n"


def test_replaced_and_grafted_objects_do_not_rewrite_history(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    made = [clone.commit("One", a="1"), clone.commit("Two", a="2"), clone.commit("Three", a="3")]
    clone.git("replace", "--graft", made[2], made[0])
    (clone.path / ".git" / "info" / "grafts").write_text(f"{made[1]}\n")
    with open_store(tmp_path / "ws") as store:
        extract(store, clone.path)
        assert shas(store) == made[::-1]


def test_the_surroundings_of_the_process_do_not_leak_into_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, other = Clone(tmp_path / "shop"), Clone(tmp_path / "other")
    sha = clone.commit("One", a="1")
    other.commit("Other", b="1")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    with open_store(tmp_path / "ws") as store:
        extract(store, clone.path)
        assert shas(store) == [sha]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a clone to somebody else")
def test_a_clone_of_another_user_is_read_because_the_settings_name_it(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    sha = clone.commit("One", a="1")
    for path in (clone.path, *clone.path.rglob("*")):
        os.chown(path, 12_345, 12_345)
    with open_store(tmp_path / "ws") as store:
        extract(store, clone.path)
        assert shas(store) == [sha]


def test_a_damaged_clone_is_told_and_the_window_stays_open(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    clone.commit("One", a="1")
    clone.commit("Two", src__a="2")
    tree = clone.git("rev-parse", "HEAD^{tree}")
    (clone.path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    with open_store(tmp_path / "ws") as store:
        message = trouble(extract(store, clone.path))
        assert "git fsck" in message


def test_a_check_says_where_the_clone_is_and_an_estimate_what_it_holds(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    with open_store(tmp_path / "ws") as store:
        source = git_source(store, clone.path)
        assert "no commits yet" in source.check()[0].message
        sha = clone.commit("One", a="1")
        clone.git("tag", "v1")
        (diagnosis,) = source.check()
        assert diagnosis.is_ok
        assert sha[:12] in diagnosis.message
        commits_estimate, tags_estimate = source.estimate()
        assert commits_estimate.bytes > 0
        assert tags_estimate.bytes > 0


def test_settings_that_cannot_work_are_refused() -> None:
    shop = GitRepository("acme/shop", Path("a"))
    with pytest.raises(PermanentSourceError, match="twice"):
        GitConfig("git", (shop, shop))
    with pytest.raises(PermanentSourceError, match="no branch name"):
        GitConfig("git", (GitRepository("acme/shop", Path("a"), "--all"),))


def test_an_unknown_stream_is_named(tmp_path: Path) -> None:
    with open_store(tmp_path / "ws") as store, pytest.raises(PermanentSourceError, match="commits, tags"):
        extract(store, tmp_path, stream="blame")
