"""A stream is a declaration: what its records are, how they combine, what staging takes, whom they name."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

SAMPLES, TOTALS = "__samples", "__totals"
"""Endings of what is kept beside a stream: records fetched again, and what the source counts."""


def is_kept_beside(stream: str) -> bool:
    """Whether the name is of what is kept beside a stream, which staging never reads."""
    return stream.endswith((SAMPLES, TOTALS))


class Mode(StrEnum):
    """How the records of many fetches combine into the current set."""

    UPSERT = "upsert"
    """The newest version of each key wins."""

    APPEND = "append"
    """Records never change; a key seen twice is the same record."""

    REPLACE_SET = "replace_set"
    """The newest complete window of a parent (or of a scope, without parent) is the whole set."""


class PersonalData(StrEnum):
    """What a stream brings about people; the workspace's collection register must allow each of them."""

    ACCOUNT = "account"
    """An id or a login."""

    NAME = "name"
    """A name as people are called."""

    EMAIL = "email"
    """An e-mail address."""

    FREE_TEXT = "free_text"
    """Titles, descriptions, messages and comments, which may name anybody."""

    EMPLOYMENT = "employment"
    """Dates, level, site, manager, share of full time."""

    ABSENCE = "absence"
    """Days of leave; never their kind."""


ColumnType = Literal[
    "varchar",
    "bigint",
    "integer",
    "double",
    "boolean",
    "date",
    "timestamptz",
    "epoch_seconds",
    "epoch_milliseconds",
    "varchar[]",
    "json",
]
"""How staging reads a value.

The epochs become instants; an instant without an offset is UTC; a date is the day as written; a list of
texts is empty where there is none; `json` stays text, without its white space. What is there and cannot be
read as its type is counted as a loss, also a whole number with a fraction. Where an object should be and
something else is, only its required columns show it.
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the staging model that is generated for a stream.

    Attributes:
        name: Name of the column: units and kinds in it (`_seconds`, `_at`, `_date`, `is_`).
        path: Where the value stands in a record: `$.fields.status.name`, `$.value[0]`, `$.labels[*]`,
            `$.labels[*].name`, `$."odd key".id` (a key that is no plain word stands in quotes; upper and
            lower case count); `@scope`, `@parent_key` and, but for sets, `@fetched_at` are the page's own.
        type: How it is read.
        description: One sentence for the analyst.
        is_required: Whether every record has it: one without counts as a loss.
        values: The words that the vendor documents, where it documents them all; any other is told as drift.
    """

    name: str
    path: str
    type: ColumnType
    description: str
    is_required: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Enumeration:
    """The words that a vendor documents for a field, where a staging model is written by hand.

    Attributes:
        path: Where the word stands in a record, as in `Column`.
        values: All that are documented; upper and lower case do not count.
    """

    path: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where a record names somebody whom staging turns into a token.

    Attributes:
        role: What the person is to the record; the columns are `<role>_token` and `is_<role>_bot`.
        path: The account object: `$.fields.assignee`, `$.author`; `$` is the record itself. `$.assignees[*]`
            names many: their tokens are the column `<role>_tokens`, a list in the source's order.
        namespace: What the account's key starts with (`jira:5b10a…`), the same for all streams of one system.
        id: Field of the object that identifies the account, as a dotted path; "" if it is the value itself.
        login: Field with the login, or None.
        name: Field with the name, or None.
        email: Field with the e-mail address, or None.
        type: Field whose value tells bots (`Bot`, `app`), or None.
    """

    role: str
    path: str
    namespace: str
    id: str = "id"
    login: str | None = None
    name: str | None = None
    email: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One kind of record that a source offers: stream = source table = asset.

    Attributes:
        name: Name of the stream, unique within its kind of source.
        title: The name as people read it.
        description: One sentence: what one record is.
        mode: How records of many fetches combine.
        keys: Fields that identify a record within the source, as dotted paths; `@scope` and `@parent_key` are
            the page's own.
        parent: The stream whose records this one is fetched for, or None.
        parent_key: Path in the parent's record of what this stream is asked for by, where that is neither the
            name by which the parent is listed nor its only key.
        is_conditional: Whether the source can answer "not modified" without a body.
        envelope: Dotted path of the list of records, or None where the body itself is the list (or record).
        updated_at: Path of the instant that orders versions of a record, or None where the fetch orders them.
        updated_at_type: How it is read.
        columns: What the generated staging model has; empty where the model is written by hand.
        enumerations: Words that the vendor documents, beside those that columns declare.
        accounts: Whom staging turns into tokens, where its model is generated.
        is_staged: Whether staging has a model of it; not of what is kept as evidence alone, such as a file
            whose records are streams of their own.
        account_paths: Where else account objects stand in a record.
        identity_paths: Where git identities (`name`, `email`, `date`) stand in a record.
        personal_data: What the collection register must allow before anything is fetched.
        is_windowed: Whether the source serves exactly the records of a window of time, so that it can be
            partitioned and backfilled.
        documentation: Where the vendor describes the endpoint or format.
        owner: Who answers for the stream.
    """

    name: str
    title: str
    description: str
    mode: Mode
    keys: tuple[str, ...]
    parent: str | None = None
    parent_key: str | None = None
    is_conditional: bool = False
    envelope: str | None = None
    updated_at: str | None = None
    updated_at_type: ColumnType = "timestamptz"
    columns: tuple[Column, ...] = ()
    enumerations: tuple[Enumeration, ...] = ()
    accounts: tuple[Account, ...] = ()
    is_staged: bool = True
    account_paths: tuple[str, ...] = ()
    identity_paths: tuple[str, ...] = ()
    personal_data: tuple[PersonalData, ...] = ()
    is_windowed: bool = False
    documentation: str = ""
    owner: str = "team:data-engineering"


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """From an instant on, up to but without another, both in UTC: what a backfill fetches again."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Refuse a window without length.

        Raises:
            ValueError: The end does not come after the start, or one of them has no time zone.
        """
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError(f"The window from {self.start} to {self.end} has no time zone.")
        if self.start >= self.end:
            raise ValueError(f"The window from {self.start} to {self.end} is empty.")


@dataclass(frozen=True, slots=True)
class Place:
    """Where alone a stream is read.

    Attributes:
        scope: The repository, project or site; None for every one.
        parent_key: The parent whose own list is read; None for every one.
        is_again: Whether it is read from its start, whatever is known of it; else as usual, but only here.
    """

    scope: str | None = None
    parent_key: str | None = None
    is_again: bool = True

    def holds(self, scope: str, parent_key: str | None) -> bool:
        """Whether something that is read lies here."""
        is_in_scope = self.scope in (None, scope)
        return is_in_scope and (parent_key is None or self.parent_key in (None, parent_key))


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
