"""What a trace says: frozen values, and one JSON document that holds all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage.trace.context import ContextFrame


class RecordUse(StrEnum):
    """Why a record stands in a trace: it makes the number, or the number is read against it."""

    CONTRIBUTES = "contributes"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class TracedCell:
    """The published cell."""

    metric: str
    metric_version: int
    profile: str
    scope_kind: str
    scope_id: str
    period_grain: str
    period_start: date
    period_end: date
    value: Decimal | None
    numerator: int | None
    denominator: int | None
    n: int | None
    interval_low: Decimal | None
    interval_high: Decimal | None
    unit: str
    is_partial: bool
    is_maturing: bool
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TracedDefinition:
    """What the metric means, and the query that the trace inverts."""

    title: str
    sentence: str
    description: str
    tier: str
    owner: str
    fact_relation: str
    fact_key: str
    filter_sql: str
    scope_sql: str
    event_at_column: str
    measure_kind: str
    measure_sql: str
    value_sql: str
    definition_hash: str | None


@dataclass(frozen=True, slots=True)
class TracedFact:
    """One event behind the number.

    `measure` is what the metric measures of it; `is_deciding` marks the one or two facts whose measures a
    quantile is formed from, and the facts in a ratio's numerator.
    """

    key: str
    event_at: date | datetime | None
    measure: int | Decimal | str | None
    is_deciding: bool
    columns: Mapping[str, Any]
    record_ids: tuple[int, ...]
    context_record_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Recomputation:
    """The number formed again from the traced facts alone."""

    value: Decimal | None
    numerator: int | None
    denominator: int | None
    n: int
    is_equal: bool
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FormedAgain:
    """A published number beside the same number formed again."""

    name: str
    published: Any
    formed: Any

    @property
    def is_equal(self) -> bool:
        """Whether both are the same to the last digit."""
        return bool(self.published == self.formed)


@dataclass(frozen=True, slots=True)
class Peer:
    """A team of the group that a number is placed in."""

    team_id: str
    value: Decimal
    interval_low: Decimal
    interval_high: Decimal
    is_self: bool


@dataclass(frozen=True, slots=True)
class TeamComparison:
    """What a team's number is divided by and read against: context, beside the facts that make it.

    `counted` is what the rate divides. Exposure is days alone: whose days they were, and which kind of
    leave is not among them, stays in the warehouse.
    """

    normalisation: str
    peer_group: str
    team_size: int | None
    fte_days: Decimal | None
    service_days: int | None
    counted: Decimal | None
    not_compared_reason: str | None
    peers: tuple[Peer, ...]
    formed: tuple[FormedAgain, ...]
    context_windows: tuple[str, ...]
    baseline_value: Decimal | None
    baseline_period_start: date | None


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """The objective behind a number, its window, and every number of the window formed again from its slices.

    `stated` is the OpenSLO document that defines it, as text, where it was at hand.
    """

    slo_id: str
    objective_id: str
    title: str
    is_composite: bool
    window_kind: str
    window_starts_at: str
    window_ends_at: str
    budgeting_method: str
    objective_ratio: Decimal
    slice_seconds: int
    part_ids: tuple[str, ...]
    formed: tuple[FormedAgain, ...]
    stated: str | None


@dataclass(frozen=True, slots=True)
class TracedRule:
    """A published number that a rule makes from the traced one."""

    address: str
    published: Any
    rule: str


@dataclass(frozen=True, slots=True)
class TracedRedaction:
    """What was blanked in a page, by which policy, and where that is recorded."""

    json_paths: tuple[str, ...]
    policy: str
    redacted_at: datetime
    governance_index: int


@dataclass(frozen=True, slots=True)
class PageProof:
    """Proof that the page's leaf is in the payload log of `tree_size` leaves with this root.

    `leaf` is the leaf itself: canonical JSON with a salted commitment, which tells nothing of the page.
    """

    tree_size: int
    root: str
    leaf_hash: str
    path: tuple[str, ...]
    is_valid: bool
    leaf: str = ""


@dataclass(frozen=True, slots=True)
class TracedPage:
    """A response body, by what is recorded of it."""

    log_index: int
    source: str
    stream: str
    scope: str
    parent_key: str | None
    window_id: str
    sequence: int
    method: str
    url: str
    status: int
    fetched_at: datetime
    run_id: str
    body_sha256: str
    record_count: int
    redactions: tuple[TracedRedaction, ...]
    proof: PageProof | None


@dataclass(frozen=True, slots=True)
class TracedRecord:
    """A record, cut from its page. `redacted_paths` are those that lie in this record.

    `sha256` is the hash of the record's canonical JSON, or of its text; it stays where a view leaves the
    value out (`visibility`: `full`, `outline` for the parts that name nobody, or `hash`).
    """

    record_id: int
    use: RecordUse
    log_index: int
    ordinal: int
    is_text: bool
    value: Any
    redacted_paths: tuple[str, ...]
    sha256: str = ""
    visibility: str = "full"


@dataclass(frozen=True, slots=True)
class TracedGap:
    """A span of the period at which no fetch looked."""

    gap_from: datetime
    gap_until: datetime


@dataclass(frozen=True, slots=True)
class TracedWindow:
    """A closed fetch: what was asked for, and how much came."""

    window_index: int
    requested_from: datetime | None
    requested_until: datetime | None
    started_at: datetime
    closed_at: datetime
    record_count: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """The fetches of one stream and scope that looked at the period. Evidence for absence.

    `is_whole` says that together they looked at all of it; else `gaps` are the spans at which nobody looked.
    `window_count` counts all of them, `windows` are the last.
    """

    source: str
    stream: str
    scope: str
    is_whole: bool
    windows: tuple[TracedWindow, ...]
    gaps: tuple[TracedGap, ...] = ()
    window_count: int = 0


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a view leaves out: facts shown as hashes, and records shown in part or as hashes."""

    fact_count: int
    record_count: int


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything behind one number.

    `contributing_ids` and `context_ids` are complete; `records` and `pages` hold those that were read, which
    may be fewer (`is_cut`). `context_frames` says what beyond the facts' own records the number is read
    against. `address` is what `assay trace` was asked for. `comparison`, `service_level` and `rule` stand
    where the number is a team's beside its peers, an objective's, or made from another by a rule. `view` says
    who may read this, and `hidden` what it leaves out for that.
    """

    cell: TracedCell
    definition: TracedDefinition
    recomputed: Recomputation
    facts: tuple[TracedFact, ...]
    contributing_ids: tuple[int, ...]
    context_ids: tuple[int, ...]
    records: tuple[TracedRecord, ...]
    pages: tuple[TracedPage, ...]
    is_cut: bool
    coverage: tuple[Coverage, ...]
    publication: Mapping[str, str]
    address: str = ""
    comparison: TeamComparison | None = None
    service_level: ServiceLevel | None = None
    rule: TracedRule | None = None
    checkpoint: str | None = None
    view: str = "auditor"
    hidden: Hidden | None = None
    context_frames: tuple["ContextFrame", ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened: then `coverage` shows who looked."""
        return not self.facts

    @property
    def is_proven(self) -> bool:
        """Whether the number follows from the facts, and every page that was read is in the log."""
        again = [*(self.comparison.formed if self.comparison else ())]
        again += self.service_level.formed if self.service_level else ()
        return (
            self.recomputed.is_equal
            and all(one.is_equal for one in again)
            and all(page.proof is not None and page.proof.is_valid for page in self.pages)
        )

    def to_document(self) -> dict[str, Any]:
        """Return the trace as JSON-able values: decimals as text, instants in UTC, ids as integers."""
        document: dict[str, Any] = {"v": 1, "is_empty": self.is_empty, "is_proven": self.is_proven}
        return document | {field.name: plain(getattr(self, field.name)) for field in fields(self)}


def plain(value: Any) -> Any:
    """Return a value that JSON can spell without loss."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)
