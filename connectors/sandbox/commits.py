"""Git commits that are really git's: object ids computed as git does, so that API and repository agree."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Folder:
    """A tree object.

    Attributes:
        entries: By name, in git's order: the line that the tree object holds, and the folder if it is one.
        raw_sha: Its id.
    """

    entries: dict[str, tuple[bytes, "Folder | None"]]
    raw_sha: bytes

    @property
    def sha(self) -> str:
        """The id in hexadecimal digits."""
        return self.raw_sha.hex()


@dataclass(frozen=True, slots=True)
class Signature:
    """Who and when, as git writes it; `at` in epoch seconds, offset in minutes east of UTC."""

    name: str
    email: str
    at: int
    offset_minutes: int = 0

    def __str__(self) -> str:
        sign = "-" if self.offset_minutes < 0 else "+"
        hours, minutes = divmod(abs(self.offset_minutes), 60)
        return f"{self.name} <{self.email}> {self.at} {sign}{hours:02d}{minutes:02d}"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit with what it wrote, relative to its first parent.

    Attributes:
        revisions: Path to the revision number that its content states.
        tree: The whole tree after it.
    """

    sha: str
    parents: tuple[str, ...]
    tree: Folder
    author: Signature
    committer: Signature
    message: str
    revisions: dict[str, int]


def object_id(kind: bytes, content: bytes) -> bytes:
    """The raw id of a git object."""
    return hashlib.sha1(b"%s %d\0%s" % (kind, len(content), content), usedforsecurity=False).digest()


def content_of(path: str, revision: int) -> bytes:
    """The content of a file at a revision."""
    return f"# {path}\nrevision = {revision}\n".encode()


def folder(entries: dict[str, tuple[bytes, Folder | None]]) -> Folder:
    """Make a tree object of entries that stand in git's order."""
    return Folder(entries, object_id(b"tree", b"".join([line for line, _ in entries.values()])))


EMPTY = folder({})


def written(tree: Folder, revisions: dict[str, int]) -> Folder:
    """The tree after files were written."""
    for path, revision in revisions.items():
        tree = replaced(tree, path.split("/"), object_id(b"blob", content_of(path, revision)))
    return tree


def replaced(tree: Folder, steps: list[str], blob: bytes) -> Folder:
    """The tree with one file exchanged; everything else is shared."""
    name, entries = steps[0], dict(tree.entries)
    is_known = name in entries
    if len(steps) == 1:
        entries[name] = b"100644 %s\0%s" % (name.encode(), blob), None
    else:
        below = replaced((entries[name][1] if is_known else None) or EMPTY, steps[1:], blob)
        entries[name] = b"40000 %s\0%s" % (name.encode(), below.raw_sha), below
    if not is_known:
        entries = dict(sorted(entries.items(), key=place_in_tree))
    return folder(entries)


def place_in_tree(entry: tuple[str, tuple[bytes, Folder | None]]) -> bytes:
    """Git sorts by the bytes of names, folders as if theirs ended in a slash."""
    name, (_, below) = entry
    return name.encode() + (b"/" if below is not None else b"")


def make_commit(
    *,
    parents: tuple[Commit, ...],
    revisions: dict[str, int],
    author: Signature,
    committer: Signature,
    message: str,
) -> Commit:
    """Write files on top of the first parent and commit them."""
    tree = written(parents[0].tree if parents else EMPTY, revisions)
    lines = [
        f"tree {tree.sha}",
        *(f"parent {parent.sha}" for parent in parents),
        f"author {author}",
        f"committer {committer}",
        "",
        f"{message}\n",
    ]
    return Commit(
        sha=object_id(b"commit", "\n".join(lines).encode()).hex(),
        parents=tuple(parent.sha for parent in parents),
        tree=tree,
        author=author,
        committer=committer,
        message=message,
        revisions=revisions,
    )
