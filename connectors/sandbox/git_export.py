"""Writes the repositories as real git repositories, whose object ids are those that the APIs show."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from connectors.sandbox.commits import Commit, content_of
from connectors.sandbox.company import Company
from connectors.sandbox.events import (
    CommitsPushed,
    Event,
    PullRequestClosed,
    PullRequestMerged,
    PullRequestOpened,
    RepositoryCreated,
    TagCreated,
)
from connectors.sandbox.people import BOTS


class GitExportError(Exception):
    """Git did not make of a repository what the story says."""


class RepositoryExport:
    """What a repository holds at an instant: main branch, tags and the branches of open pull requests."""

    def __init__(self) -> None:
        self.commits: dict[str, Commit] = {}
        self.main = ""
        self.branches: dict[str, list[Commit]] = {}
        self.tags: list[TagCreated] = []

    def reachable(self) -> Iterator[Commit]:
        """Every commit that a branch or a tag leads to, parents first."""
        wanted = [
            self.main,
            *(tag.commit_sha for tag in self.tags),
            *(rows[-1].sha for rows in self.branches.values()),
        ]
        seen: set[str] = set()
        stack = wanted
        while stack:
            commit = self.commits[stack.pop()]
            if commit.sha not in seen:
                seen.add(commit.sha)
                stack.extend(commit.parents)
        yield from (commit for sha, commit in self.commits.items() if sha in seen)


def write_repositories(company: Company, events: Sequence[Event], folder: Path, *, until: int) -> list[Path]:
    """Write a bare repository for each that exists at an instant, and check its main branch.

    A repository that is there already is replaced.

    Args:
        company: The organisation.
        events: The timeline.
        folder: Where to; the repositories become `<folder>/<owner>/<name>.git`.
        until: Instant in epoch seconds, inclusive.

    Raises:
        GitExportError: Git failed, or its main branch is another commit than the story's.
    """
    exports = collected(events, until)
    paths = []
    for repository in company.repositories:
        export = exports.get(repository.name)
        if export is None:
            continue
        path = folder / f"{repository.name}.git"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        run_git(path, "init", "--quiet", "--bare", "--initial-branch=main", ".")
        run_git(path, "fast-import", "--quiet", "--force", given=b"".join(stream(company, export)))
        head = run_git(path, "rev-parse", "main").decode().strip()
        if head != export.main:
            raise GitExportError(f"{path}: main is {head} for git and {export.main} for the story.")
        paths.append(path)
    return paths


def collected(events: Sequence[Event], until: int) -> dict[str, RepositoryExport]:
    """Fold the timeline to what the repositories hold."""
    exports: dict[str, RepositoryExport] = {}
    branch_of: dict[tuple[str, int], str] = {}
    for event in events:
        if event.at > until:
            break
        match event:
            case RepositoryCreated():
                export = exports[event.repository] = RepositoryExport()
                export.commits.update((commit.sha, commit) for commit in event.commits)
                export.main = event.commits[-1].sha
            case CommitsPushed():
                pushed(exports[event.repository], event)
            case PullRequestOpened():
                branch_of[event.repository, event.number] = event.branch
            case PullRequestMerged():
                export = exports[event.repository]
                export.commits.update((commit.sha, commit) for commit in event.commits)
                export.main = event.commit_sha
                export.branches.pop(branch_of[event.repository, event.number], None)
            case PullRequestClosed():
                exports[event.repository].branches.pop(branch_of[event.repository, event.number], None)
            case TagCreated():
                exports[event.repository].tags.append(event)
    return exports


def pushed(export: RepositoryExport, event: CommitsPushed) -> None:
    """Apply a push."""
    export.commits.update((commit.sha, commit) for commit in event.commits)
    if event.branch == "main":
        export.main = event.commits[-1].sha
        return
    rows = export.branches.setdefault(event.branch, [])
    if event.is_forced:
        del rows[event.kept :]
    rows.extend(event.commits)


def stream(company: Company, export: RepositoryExport) -> Iterator[bytes]:
    """The input of `git fast-import`."""
    marks: dict[str, int] = {}
    taggers = {person.login: person for person in (*company.people, *BOTS)}
    for commit in export.reachable():
        marks[commit.sha] = len(marks) + 1
        yield commit_command(commit, marks)
    for name, rows in sorted(export.branches.items()):
        yield f"reset refs/heads/{name}\nfrom :{marks[rows[-1].sha]}\n\n".encode()
    yield f"reset refs/heads/main\nfrom :{marks[export.main]}\n\n".encode()
    yield b"reset refs/import\nfrom 0000000000000000000000000000000000000000\n\n"
    for tag in export.tags:
        tagger = taggers[tag.tagger]
        signature = f"{tagger.name} <{tagger.email}> {tag.at} +0000"
        head = f"tag {tag.name}\nfrom :{marks[tag.commit_sha]}\ntagger {signature}\n"
        yield head.encode() + data(f"{tag.note}\n".encode())


def commit_command(commit: Commit, marks: dict[str, int]) -> bytes:
    """One commit; its files are written out in full."""
    first, *others = commit.parents or ("",)
    lines = [b"" if first else b"reset refs/import\n\n"]
    lines.append(f"commit refs/import\nmark :{marks[commit.sha]}\n".encode())
    lines.append(f"author {commit.author}\ncommitter {commit.committer}\n".encode())
    lines.append(data(f"{commit.message}\n".encode()))
    if first:
        lines.append(f"from :{marks[first]}\n".encode())
    lines.extend(f"merge :{marks[sha]}\n".encode() for sha in others)
    for path, revision in commit.revisions.items():
        lines.append(f"M 100644 inline {path}\n".encode() + data(content_of(path, revision)))
    lines.append(b"\n")
    return b"".join(lines)


def data(content: bytes) -> bytes:
    """Content with its length before it."""
    return b"data %d\n%s\n" % (len(content), content)


def run_git(folder: Path, *arguments: str, given: bytes | None = None) -> bytes:
    """Run git in a folder; returns what it printed."""
    done = subprocess.run(["git", *arguments], cwd=folder, input=given, capture_output=True, check=False)
    if done.returncode:
        raise GitExportError(
            f"git {' '.join(arguments)} in {folder} failed: {done.stderr.decode(errors='replace')}"
        )
    return done.stdout
