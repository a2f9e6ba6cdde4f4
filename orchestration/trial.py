"""A workspace for one local clone, made without a word of configuration: releases from tags, one service."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import yaml

from orchestration.collection import Confirmation, write_register
from orchestration.errors import UsageError
from orchestration.scaffold import organisation_name, scaffold
from orchestration.sources import utc_now
from orchestration.workspace import SETTINGS_FILE, Workspace

ORGANISATION = "local"
_MAIN_BRANCHES = ("main", "master", "trunk", "develop")
TAG_PATTERNS = (
    r"^v?\d+(\.\d+)+$",
    r"^v?\d+",
    r"(?i)^[a-z]+[-_/@]?v?\d+([._]\d+)*$",
    r"\d",
)
"""Which tags are releases, the strictest first: final versions, versions, with a prefix, with any digit."""


def trial_workspace(
    clone: Path, *, folder: Path | None, tag: str | None, random_bytes: Callable[[int], bytes]
) -> Workspace:
    """Make a workspace for a clone, or take the one of an earlier trial.

    Args:
        clone: A local clone, bare or not.
        folder: Where the workspace goes; `.assay-try/<name>` in the current folder by default.
        tag: Which tags are releases; found by looking at them where None.
        random_bytes: The source of the keys' randomness.

    Raises:
        UsageError: there is no clone at the path, or nothing in it.
    """
    root = _git(clone, "rev-parse", "--absolute-git-dir")
    name = organisation_name(_name(clone, Path(root)))
    if not _git(clone, "rev-list", "--max-count=1", "--all"):
        raise UsageError(f"{clone} has no commit yet")
    place = (folder or Path.cwd() / ".assay-try" / name).resolve()
    pattern = tag or release_pattern(_git(clone, "tag", "--list").splitlines())
    text = yaml.safe_dump(_document(name, clone.resolve(), pattern, _branch(clone)), sort_keys=False)
    if (place / SETTINGS_FILE).exists():
        (place / SETTINGS_FILE).write_text(text, encoding="utf-8")
        workspace = Workspace(place)
        write_register(workspace.governance, workspace.settings(), confirmation=own_clone())
        return workspace
    return scaffold(
        place,
        organisation=ORGANISATION,
        random_bytes=random_bytes,
        settings=text,
        confirmation=own_clone(),
    )


def own_clone() -> Confirmation:
    """Return the word of whoever has a clone measured that lies on this machine already."""
    return Confirmation(
        confirmed_by="assay try",
        confirmed_on=utc_now().date(),
        purpose="A first look at the delivery of one repository, on this machine and for its user alone",
        legal_basis="The user reads a clone that is here already; nothing is fetched from a server",
    )


def release_pattern(tags: list[str]) -> str:
    """Return the strictest pattern that at least two of the tags match, else the default."""
    for pattern in TAG_PATTERNS:
        if sum(re.search(pattern, tag) is not None for tag in tags) > 1:
            return pattern
    return TAG_PATTERNS[1]


def _name(clone: Path, git_folder: Path) -> str:
    """Name the clone after its folder, also where somebody points into it or at a bare repository."""
    folder = git_folder.parent if git_folder.name == ".git" else clone.resolve()
    return folder.name.removesuffix(".git")


def _branch(clone: Path) -> str | None:
    """Return None for the branch that HEAD leads to, or the likeliest one where it leads nowhere."""
    names = _git(clone, "for-each-ref", "--sort=-committerdate", "--format=%(refname:short)", "refs/heads")
    branches = names.splitlines()
    if not branches or _git(clone, "rev-parse", "--verify", "--quiet", "HEAD", allow_failure=True):
        return None
    return next((name for name in _MAIN_BRANCHES if name in branches), branches[0])


def _document(name: str, clone: Path, pattern: str, branch: str | None) -> dict[str, object]:
    repository = f"{ORGANISATION}/{name}"
    read = {"name": repository, "path": str(clone), "branch": branch}
    return {
        "organisation": ORGANISATION,
        "sources": [
            {"name": "git", "kind": "git", "repositories": [read]},
        ],
        "teams": [{"name": "everybody", "title": "Everybody"}],
        "services": [{"name": name, "repository": repository, "owners": [{"team": "everybody"}]}],
        "deployments": {"from": "tags", "tag": pattern},
    }


def _git(clone: Path, *arguments: str, allow_failure: bool = False) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(clone), *arguments],
            capture_output=True,
            text=True,
            check=True,
            errors="replace",
        )
    except FileNotFoundError:
        raise UsageError("git is not installed, or not on the PATH") from None
    except subprocess.CalledProcessError as error:
        if allow_failure:
            return ""
        reason = error.stderr.strip().splitlines()[-1] if error.stderr.strip() else "git failed"
        raise UsageError(f"{clone} cannot be read as a git clone: {reason}") from None
    return done.stdout.strip()
