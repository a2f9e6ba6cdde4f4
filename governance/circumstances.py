"""What the gate looks at: the metric, its cells, and everything around them.

Whatever may be unknown is None when it is, and None passes no predicate. An empty collection is knowledge:
somebody looked and found nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from governance.clock import ClockFloor
from governance.jurisdictions import JurisdictionBook
from governance.policies import MetricPolicy
from governance.purposes import Purpose
from governance.sign_offs import RecordedSignOff
from governance.signers import SignerRegister


class CheckOutcome(Protocol):
    """What the gate reads of a quality check's result."""

    @property
    def name(self) -> str:
        """The check."""
        ...

    @property
    def subject(self) -> str:
        """What was checked."""
        ...

    @property
    def severity(self) -> str:
        """`blocking` or `warning`."""
        ...

    @property
    def is_passed(self) -> bool:
        """Whether it held."""
        ...

    @property
    def layer(self) -> str:
        """The hand-over that it guards."""
        ...


class CellKey(NamedTuple):
    """One published value: what, of whom, and when."""

    metric: str
    scope_kind: str
    scope_id: str
    period_grain: str
    period_start: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CellUnderReview:
    """One value that asks to be shown.

    Attributes:
        key: Which.
        n: Events behind it.
        flags: What the mart says of it: partial, maturing, incomplete and others.
        team_size: People in the team during its period; None where nobody knows.
        jurisdictions: Where its team lies, all parts of it; None where a part lies in none.
        dispositions_unknown_share: Share of incidents of unknown cause behind it; None where there is none.
        missing_bounds: Metrics that would show the other bound and have no value beside it.
        missing_counters: Counter-metrics that have no value beside it.
    """

    key: CellKey
    n: int | None
    flags: frozenset[str]
    team_size: int | None
    jurisdictions: frozenset[str] | None
    dispositions_unknown_share: Decimal | None
    missing_bounds: tuple[str, ...]
    missing_counters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CellSummary:
    """What a publication would show of one metric, after cells were withheld.

    Attributes:
        shown: Values.
        withheld: Values that stay back.
        scope_kinds: Of every value that is shown.
        smallest_n: The least n behind any of them; None when nothing is shown.
        teams: Everybody whom the metric measures: each team that it has a row for, and every team below.
        withheld_for: How many values stay back for each reason; a value may have several.
        sha256: Commits to every value's predicates, see `governance.cell_gate`.
    """

    shown: int
    withheld: int
    scope_kinds: tuple[str, ...]
    smallest_n: int | None
    teams: frozenset[str] | None = None
    withheld_for: Mapping[str, int] = field(default_factory=dict)
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Recomputation:
    """Values formed again from the facts: how many, and how many differ from the mart by count of threads."""

    cells: int
    differing: Mapping[int, int]
    example: str = ""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """Whose clocks a metric's numbers hang on.

    Attributes:
        undeclared: Columns that it reads of which nobody has said whose clock they show.
        author_settable: Columns that an author can set and that its filter does not keep out.
        author_settable_facts: Facts behind its values whose instant an author has set.
        inexact: Columns and functions that it reads which are not exact, such as floating-point numbers.
    """

    undeclared: tuple[str, ...] = ()
    author_settable: tuple[str, ...] = ()
    author_settable_facts: int = 0
    inexact: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricUnderReview:
    """One metric that asks to be published.

    Attributes:
        metric: Its name.
        metric_version: The version of its definition.
        owner: Who answers for the definition.
        definition_hash: What its signers signed, if they signed this definition.
        policy: What it is held to.
        cells: What would be shown.
        exactness: What the definition says of its arithmetic.
        reads_dispositions: Whether its numbers hang on the causes of incidents.
        bounds: Metrics that show both bounds where causes are unknown, itself among them.
        known_metrics: Every metric that the warehouse defines.
        clocks: Whose clocks its numbers hang on.
        recomputation: Its values formed again.
        track_crossings: Ways by which developmental feedback reaches it; None where nobody has looked.
    """

    metric: str
    metric_version: int
    owner: str
    definition_hash: str | None
    policy: MetricPolicy
    cells: CellSummary
    exactness: str | None = None
    reads_dispositions: bool | None = None
    bounds: tuple[str, ...] = ()
    known_metrics: frozenset[str] = frozenset()
    clocks: ClockReading | None = None
    recomputation: Recomputation | None = None
    track_crossings: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything else that the gate looks at. The instant is an argument: no clock decides here.

    Attributes:
        at: When the decision is made.
        checks: Results of every quality check.
        register: Whose signatures count.
        sign_offs: What was signed, with the governance log's word on it.
        jurisdictions: Where teams lie, and what that asks for.
        purpose: What the publication is for; None where none is named.
        witnesses: Configured witnesses outside the team that runs Assay.
        cosigned_by: Names of witnesses whose cosignature was verified.
        clock_floors: Instants that have been; None where nobody has looked.
        restricted_cells: Values under an open dispute; None where nobody has looked.
        dispositions_unknown_percent: Most incidents of unknown cause behind a value; None if unknown.
    """

    at: datetime
    checks: tuple[CheckOutcome, ...] = ()
    register: SignerRegister = field(default_factory=SignerRegister)
    sign_offs: tuple[RecordedSignOff, ...] = ()
    jurisdictions: JurisdictionBook = field(default_factory=JurisdictionBook.empty)
    purpose: Purpose | None = None
    witnesses: tuple[str, ...] = ()
    cosigned_by: tuple[str, ...] = ()
    clock_floors: tuple[ClockFloor, ...] | None = None
    restricted_cells: frozenset[CellKey] | None = None
    dispositions_unknown_percent: int | None = None

    @property
    def day(self) -> date:
        """The day of the decision, in UTC."""
        return self.at.astimezone(UTC).date()


@dataclass(frozen=True, slots=True)
class PredicateResult:
    """One answer: what was seen, what was wanted, and who must act when they differ.

    What is seen and wanted stands in the ledger and names nobody; the remedy does not, and may.
    """

    name: str
    is_passed: bool
    observed: str
    expected: str
    remedy: str


Answer = tuple[bool, str, str, str]
"""Whether it holds, what was seen, what was wanted, and what to do."""
