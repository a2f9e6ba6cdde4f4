"""Measuring a clone without configuration: which tags are releases, and what the clone is called."""

import os
import subprocess
from pathlib import Path

import pytest

from orchestration.command import main
from orchestration.errors import UsageError
from orchestration.settings import GitSettings
from orchestration.trial import release_pattern, trial_workspace


@pytest.mark.parametrize(
    ("tags", "pattern"),
    [
        (["v1.0.0", "v1.1.0", "v1.2.0-rc1", "latest"], r"^v?\d+(\.\d+)+$"),
        (["v1.0.0-rc1", "v1.0.0-rc2"], r"^v?\d+"),
        (["2024-01-01", "2024-02-01"], r"^v?\d+"),
        (["release-1.0", "release-1.1"], r"(?i)^[a-z]+[-_/@]?v?\d+([._]\d+)*$"),
        (["build/a1", "build/b2-x"], r"\d"),
        ([], r"^v?\d+"),
    ],
)
def test_the_strictest_pattern_that_fits_tells_releases(tags: list[str], pattern: str) -> None:
    assert release_pattern(tags) == pattern


def make_clone(folder: Path, *, is_bare: bool = False) -> Path:
    folder.mkdir()
    git = ["git", "-C", str(folder), "-c", "user.name=Ada", "-c", "user.email=ada@example.invalid"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "first"], check=True)
    if is_bare:
        bare = folder.with_suffix(".git")
        subprocess.run(["git", "clone", "--quiet", "--bare", str(folder), str(bare)], check=True)
        return bare
    return folder


@pytest.mark.parametrize("is_bare", [False, True])
def test_a_clone_is_named_after_its_folder_and_found_again(tmp_path: Path, *, is_bare: bool) -> None:
    clone = make_clone(tmp_path / "shop", is_bare=is_bare)
    first = trial_workspace(clone, folder=tmp_path / "trial", tag=None, random_bytes=os.urandom)
    settings = first.settings()
    assert settings.services[0].repository == "local/shop"
    key = (first.root / "keys" / "token.key").read_text()
    again = trial_workspace(clone, folder=tmp_path / "trial", tag="^x", random_bytes=os.urandom)
    assert again.settings().deployments.tag == "^x"
    assert (again.root / "keys" / "token.key").read_text() == key


def test_a_folder_inside_a_clone_measures_the_clone(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "shop")
    (clone / "src").mkdir()
    inside = trial_workspace(clone / "src", folder=tmp_path / "trial", tag=None, random_bytes=os.urandom)
    assert inside.settings().services[0].name == "shop"


def test_a_head_that_leads_nowhere_is_replaced_by_the_main_branch(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "shop")
    git = ["git", "-C", str(clone)]
    subprocess.run([*git, "branch", "--move", "main"], check=True)
    subprocess.run([*git, "branch", "other"], check=True)
    subprocess.run([*git, "symbolic-ref", "HEAD", "refs/heads/gone"], check=True)
    workspace = trial_workspace(clone, folder=tmp_path / "trial", tag=None, random_bytes=os.urandom)
    source = workspace.settings().sources[0]
    assert isinstance(source, GitSettings)
    assert source.repositories[0].branch == "main"


def test_what_is_no_clone_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["try", str(tmp_path), "--workspace", str(tmp_path / "trial")]) == 2
    assert "cannot be read as a git clone" in capsys.readouterr().err
    empty = tmp_path / "empty"
    empty.mkdir()
    subprocess.run(["git", "-C", str(empty), "init", "--quiet"], check=True)
    with pytest.raises(UsageError, match="no commit yet"):
        trial_workspace(empty, folder=tmp_path / "trial", tag=None, random_bytes=os.urandom)
