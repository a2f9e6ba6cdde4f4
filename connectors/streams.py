"""A stream is a declaration: what its records are, how they combine, and who they name."""

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """How the records of many fetches combine into the current set."""

    UPSERT = "upsert"
    """The newest version of each key wins."""

    APPEND = "append"
    """Records never change; a key seen twice is the same record."""

    REPLACE_SET = "replace_set"
    """The newest complete window of a parent (or of a scope, without parent) is the whole set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One kind of record that a source offers: stream = source table = asset.

    Attributes:
        name: Name of the stream, unique within its kind of source.
        title: The name as people read it.
        description: One sentence: what one record is.
        mode: How records of many fetches combine.
        keys: Fields that identify a record within the source.
        parent: The stream whose records this one is fetched for, or None.
        is_conditional: Whether the source can answer "not modified" without a body.
        envelope: Field that holds the list of records, or None where the body itself is the list.
        accounts: JSON paths, within a record, of account objects (`id`, `login`, `type`).
        git_identities: JSON paths, within a record, of git identities (`name`, `email`, `date`).
        documentation: Where the vendor describes the endpoint or format.
        owner: Who answers for the stream.
    """

    name: str
    title: str
    description: str
    mode: Mode
    keys: tuple[str, ...]
    parent: str | None = None
    is_conditional: bool = False
    envelope: str | None = None
    accounts: tuple[str, ...] = ()
    git_identities: tuple[str, ...] = ()
    documentation: str = ""
    owner: str = "team:data-engineering"


def in_dependency_order(streams: tuple[Stream, ...]) -> tuple[Stream, ...]:
    """The same streams, each after its parent; declaration order otherwise.

    Raises:
        ValueError: A parent is not among the streams, or parents form a circle.
    """
    ordered: list[Stream] = []
    waiting = list(streams)
    while waiting:
        placed = {stream.name for stream in ordered}
        ready = [stream for stream in waiting if stream.parent is None or stream.parent in placed]
        if not ready:
            names = ", ".join(stream.name for stream in waiting)
            raise ValueError(f"These streams wait for a parent that is not declared before them: {names}.")
        ordered.append(ready[0])
        waiting.remove(ready[0])
    return tuple(ordered)
