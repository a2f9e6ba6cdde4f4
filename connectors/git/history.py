"""The commits of a branch: only those that are new, newest first, in pages of whole records."""

import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import PermanentSourceError
from connectors.git.commands import Git
from connectors.git.config import GitRepository
from connectors.git.separators import Marked, has_separators, split_records

PAGE_BYTES = 4 * 1024 * 1024
PAGE_COMMITS = 2000

_FIELDS = ("%H", "%P", "%an", "%ae", "%aI", "%cn", "%ce", "%cI", "%B")
_FORMAT = "%x1e" + "%x1f".join(_FIELDS) + "%x1f"
_TEXTS = "%an%n%ae%n%cn%n%ce%n%B"
_RECORD_START = re.compile(rb"\x1e[0-9a-f]{40,64}\x1f")
_LOG = ("log", "--no-color", "--no-decorate", "--no-notes", "--no-show-signature", "--no-mailmap")
_PATHS = (
    "--name-only",
    "--no-renames",
    "--no-diff-merges",
    "--no-relative",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=none",
    "--root",
)


@dataclass(frozen=True, slots=True)
class Span:
    """Commits reachable from a tip, without those reachable from commits already read.

    Attributes:
        tip: The newest commit.
        known: Commits whose history was read before.
    """

    tip: str
    known: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """The span as git reads it."""
        return (self.tip, "--not", *self.known) if self.known else (self.tip,)


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Whole records of `git log`."""

    body: bytes
    commits: int


def check_complete(git: Git) -> None:
    """Refuse a clone whose history is cut off.

    Raises:
        PermanentSourceError: The clone is shallow, or not a repository at all.
    """
    if git.run("rev-parse", "--is-shallow-repository").strip() == b"true":
        raise PermanentSourceError(
            "The clone is shallow: its history is cut off, and the commit at the cut would seem to add "
            "every file. Run git fetch --unshallow in it.",
            source=git.source,
            stream="commits",
            page=f"{git.name} ({git.path})",
        )


def tip_of(git: Git, repository: GitRepository) -> str | None:
    """The newest commit of the branch; None where the repository has no commits at all.

    Raises:
        PermanentSourceError: There are commits, but no such branch.
    """
    names = _candidates(repository.branch)
    for name in names:
        sha = resolve(git, name)
        if sha is not None:
            return sha
    if not git.run("for-each-ref", "--count=1", "--format=%(refname)").strip():
        return None
    branches = git.run("for-each-ref", "--count=6", "--format=%(refname:short)", "refs/heads", "refs/remotes")
    known = ", ".join(branches.decode("utf-8", "replace").split())
    wanted = repository.branch or "the one that HEAD points to"
    raise PermanentSourceError(
        f"There is no branch {wanted}. The clone has {known or 'none'}. Correct branch, or run git fetch "
        "in it.",
        source=git.source,
        stream="commits",
        page=f"{git.name} ({git.path})",
    )


def resolve(git: Git, name: str) -> str | None:
    """The commit that a name stands for, or None."""
    arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if not git.succeeds(*arguments):
        return None
    return git.run(*arguments).decode("ascii").strip()


def count_commits(git: Git, span: Span) -> int:
    """How many commits the span holds."""
    return int(git.run("rev-list", "--count", *span.arguments, "--"))


def history_pages(git: Git, span: Span, *, skip: int) -> Generator[HistoryPage, None, None]:
    """The span's records from the given one on.

    Raises:
        PermanentSourceError: Git failed, or printed something that is not a record.
    """
    arguments = (*_LOG, *_PATHS, f"--format={_FORMAT}", f"--skip={skip}", *span.arguments, "--")
    records: list[bytes] = []
    size = 0
    for record in split_records(git.stream(*arguments), _marked(git, span)):
        if not _RECORD_START.match(record):
            raise PermanentSourceError(
                f"git log printed something that is not a commit: {record[:60]!r}. Check the version of git.",
                source=git.source,
                stream="commits",
                page=f"{git.name} ({git.path})",
            )
        if records and (len(records) >= PAGE_COMMITS or size + len(record) > PAGE_BYTES):
            yield HistoryPage(b"".join(records), len(records))
            records, size = [], 0
        records.append(record)
        size += len(record)
    if records:
        yield HistoryPage(b"".join(records), len(records))


def heads_after(git: Git, span: Span) -> dict[str, Any]:
    """The cursor after a span: its tip, and older tips that a force push left beside it."""
    beside = [sha for sha in span.known if not git.succeeds("merge-base", "--is-ancestor", sha, span.tip)]
    return {"heads": [span.tip, *beside]}


def span_from(git: Git, tip: str, cursor: Mapping[str, Any]) -> Span:
    """What is new since the cursor; tips that the clone no longer has are left out."""
    heads = [sha for sha in cursor.get("heads", ()) if git.succeeds("cat-file", "-e", f"{sha}^{{commit}}")]
    return Span(tip, tuple(heads))


def _marked(git: Git, span: Span) -> dict[bytes, Marked]:
    """Commits whose texts contain separators; almost always none, which one search shows."""
    if not has_separators(git.stream(*_LOG, "--no-patch", f"--format={_TEXTS}", *span.arguments, "--")):
        return {}
    arguments = (*_LOG, "--no-patch", "-z", f"--format={'%x00'.join(_FIELDS)}", *span.arguments, "--")
    found: dict[bytes, Marked] = {}
    for fields in _rows(git.stream(*arguments), width=len(_FIELDS)):
        if has_separators(fields):
            found[fields[0]] = Marked.of(fields)
    return found


def _rows(chunks: Iterator[bytes], *, width: int) -> Iterator[list[bytes]]:
    """Rows of so many fields, each ended by NUL, which no text can contain."""
    buffer = b""
    fields: list[bytes] = []
    for chunk in chunks:
        *whole, buffer = (buffer + chunk).split(b"\0")
        fields += whole
        while len(fields) >= width:
            yield fields[:width]
            fields = fields[width:]


def _candidates(branch: str | None) -> tuple[str, ...]:
    if branch is None:
        return ("HEAD",)
    if branch.startswith("refs/"):
        return (branch,)
    return (f"refs/heads/{branch}", f"refs/remotes/{branch}", f"refs/remotes/origin/{branch}")
