"""The git repositories: written by git itself, with the object ids that the API shows."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.sandbox import Organisation
from connectors.sandbox.commits import Signature, make_commit


def git(folder: Path, *arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode().splitlines()


@pytest.fixture(scope="module")
def folder(small: Organisation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("git")
    small.write_git(folder)
    return folder


def test_git_finds_nothing_to_complain_about(folder: Path) -> None:
    for path in folder.glob("acme/*.git"):
        assert git(path, "fsck", "--strict", "--no-dangling") == []


def test_git_and_the_api_know_the_same_commits(small: Organisation, folder: Path) -> None:
    state = small.as_of(small.ends_at).github().state
    for name in ("acme/checkout", "acme/marketplace", "acme/invoicing", "acme/storefront-web"):
        repository = state.repositories[name]
        known = git(folder / f"{name}.git", "rev-list", "--all")
        assert git(folder / f"{name}.git", "rev-parse", "main") == [repository.head_sha]
        assert set(known) <= set(repository.commits)


def test_tags_are_annotated_and_carry_their_time(small: Organisation, folder: Path) -> None:
    rows = git(
        folder / "acme/checkout.git", "for-each-ref", "refs/tags",
        "--format=%(refname:short) %(objecttype) %(*objectname) %(creatordate:unix)",
    )  # fmt: skip
    state = small.as_of(small.ends_at).github().state
    assert {row.split()[0]: row.split()[2] for row in rows} == state.repositories["acme/checkout"].tags
    assert {row.split()[1] for row in rows} == {"tag"}
    assert all(int(row.split()[3]) > small.parameters.starts_at for row in rows)


def test_names_and_paths_with_other_letters_survive(folder: Path) -> None:
    authors = set(git(folder / "acme/marketplace.git", "log", "--all", "--format=%an"))
    assert any(not name.isascii() for name in authors)
    assert "docs/übersicht.md" in git(
        folder / "acme/checkout.git", "-c", "core.quotePath=off", "ls-tree", "-r", "--name-only", "main"
    )


def test_an_earlier_instant_has_an_earlier_main_branch(
    small: Organisation, tmp_path: Path, folder: Path
) -> None:
    small.as_of(small.starts_at + timedelta(days=40)).write_git(tmp_path)
    early = git(tmp_path / "acme/checkout.git", "rev-list", "main")
    late = git(folder / "acme/checkout.git", "rev-list", "main")
    assert set(early) < set(late)


def test_writing_twice_replaces(small: Organisation, folder: Path) -> None:
    before = git(folder / "acme/invoicing.git", "rev-parse", "main")
    small.write_git(folder)
    assert git(folder / "acme/invoicing.git", "rev-parse", "main") == before


def test_a_commit_has_the_id_that_git_gives_it() -> None:
    """The id was computed by `git commit` itself for the same content, signature and message."""
    who = Signature("Zoë Wójcik", "zw@acme.example", 1_750_000_000, -300)
    made = make_commit(
        parents=(),
        revisions={"src/a.py": 1, "src.txt": 2, "README.md": 3},
        author=who,
        committer=who,
        message="First",
    )
    assert str(who) == "Zoë Wójcik <zw@acme.example> 1750000000 -0500"
    assert made.tree.sha == "b13a4f4123d0fc09558578a2893440b15e4819db"
    assert made.sha == "5811ef9deaa31979333d15aa2d5c83aa29dba4ad"
