"""What else a source can be asked about a stream: one record by itself, and how many records it counts.

Reconciliation asks both. The answers are evidence under names of their own (`pull_requests__samples`,
`pull_requests__totals`) and never enter staging.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Goings:
    """Where staging tells of records that are gone, so that nobody asks for them.

    Attributes:
        model: The staging model without its prefix.
        column: The column that it shares with the stream's rows.
        flag: The column that must hold; None where every row tells of one that is gone.
    """

    model: str
    column: str
    flag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """How one record is asked for by itself.

    Attributes:
        path: Path below the base URL; `{number}` is that column of the record's row in staging.
        parameters: Query parameters.
        envelope: Where the record stands in the answer, as a dotted path; None where it is the answer.
        unversioned: Columns that may change at the source without the record's last update moving.
        incomparable: Columns that the source tells otherwise of one record than in a listing.
        final_with: Columns that are compared only once another one has a value: column and that other one.
        goings: Where staging tells of those that are gone at the source.
    """

    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    envelope: str | None = None
    unversioned: tuple[str, ...] = ()
    incomparable: tuple[str, ...] = ()
    final_with: tuple[tuple[str, str], ...] = ()
    goings: tuple[Goings, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTotal:
    """How a source counts the records of a scope, and what of staging that count must meet.

    In `path`, `parameters` and `body` stand `{scope}`, `{until}` (the instant up to which records count,
    where the source can be asked so), `{until_ms}` (the same in epoch milliseconds) and `{since}`.

    Attributes:
        path: Path below the base URL.
        parameters: Query parameters.
        body: Fields of the body of a POST; None for a GET.
        at: Where the number stands: a dotted path in the body, `header:<name>`, `sample:<path>` where an
            instant and the number as text stand there, or `link:last` where the number of the last page of
            one record each is the total.
        scope_column: Column of staging that holds the scope; None where the source has one scope alone.
        created_column: Column that holds when a record was created; None where the source cannot be asked for
            those before an instant.
        updated_column: Column with the last update, by which rows from before a first day are left out.
        model: The staging model without its prefix, where it is not the stream's.
        where: Columns of staging and the value that they must have to be counted.
        listed_by: The stream whose rows name the scopes, and the column; None where windows name them.
        since: Text for `{since}` where the settings ask for a first day, with `{day}` and `{day_ms}` in it;
            None where a first day makes the two incomparable.
        ignores_since: Whether the stream is read whole, whatever the first day.
        partial_at: Path in the body of a flag, or of a list of warnings, by which the source says that its
            count is not complete.
        cap: The largest number that the source tells; one that large means "at least".
        settling: How long before the last fetch a record must have been created to count: indexes lag.
        tolerance: Records by which the two may differ.
        tolerance_percent: The same as a share of the total; the larger counts.
        may_shrink: Whether the source forgets records that staging keeps.
        window: How long before the end records count, where the source is asked for a stretch of time: the
            end is then a whole multiple of it since the epoch, and the stretch is one that was read wholly.
    """

    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, str] | None = None
    at: str
    scope_column: str | None
    created_column: str | None = None
    updated_column: str = "updated_at"
    model: str | None = None
    where: tuple[tuple[str, bool], ...] = ()
    listed_by: tuple[str, str] | None = None
    since: str | None = None
    ignores_since: bool = False
    partial_at: str | None = None
    cap: int | None = None
    settling: timedelta = timedelta(minutes=10)
    tolerance: int = 0
    tolerance_percent: float = 0.0
    may_shrink: bool = False
    window: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request, and what the answer is kept under.

    Attributes:
        key: What is asked about, unique among the questions of one call.
        scope: Scope of the page.
        place: Path below the base URL, for a POST with its body behind `#`.
        parent_key: Parent's key of the page.
        envelope: Where the one record stands in the answer; None for the whole body.
    """

    key: str
    scope: str
    place: str
    parent_key: str | None = None
    envelope: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What became of a question.

    Attributes:
        question: What was asked.
        status: The answer's status; None where none came.
        body: The body, empty without one.
        headers: The answer's headers by lower-case name, those that evidence keeps.
        log_index: The page in evidence; None where there is none.
        problem: Why there is no answer; None where there is one, or the source says that nothing is there.
    """

    question: Question
    status: int | None = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    log_index: int | None = None
    problem: str | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the source says that there is no such record."""
        return self.status in GONE


GONE = frozenset({404, 410})
