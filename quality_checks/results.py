"""What a check says: one frozen row per check and subject, fit for a table, an asset check and a report."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from quality_checks.repairs import Repair

Severity = Literal["blocking", "warning"]
Layer = Literal["extraction", "landing", "staging", "facts", "marts", "expectations", "publication"]

LAYERS: tuple[Layer, ...] = (
    "extraction",
    "landing",
    "staging",
    "facts",
    "marts",
    "expectations",
    "publication",
)
OFFENDERS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class CheckDeclaration:
    """A check that will run: known before there is any data, so that a scheduler can list it."""

    name: str
    subject: str
    layer: Layer
    severity: Severity
    owner: str
    sentence: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The outcome of one check on one subject.

    Attributes:
        name: The check, the same in every run.
        subject: The relation, file or suite that was checked (`staging.stg_github__reviews`).
        layer: The hand-over that the check guards.
        severity: `blocking` stops publication; `warning` is shown.
        is_passed: Whether the rule held.
        observed: What was found, with its unit.
        expected: What the rule asks for, with its unit.
        scope: How far the check looked: the payload log's size, or the period covered.
        offenders: The first items that break the rule, in their order, at most 20.
        offender_count: How many items break it.
        message: One sentence: the rule, and what was found.
        remedy: What to do when it is red.
        owner: Who answers for the rule.
        measure: Of a comparison of two places: what is counted, such as records or seconds.
        expected_total: What the first place holds of it, over all items.
        observed_total: What the second place holds of it.
        tolerance: The largest difference that one item may show.
        rule: How the two places relate: `equal`, or `at_least` where more than was asked for may arrive.
        left_relations: The relations whose rows say what must arrive.
        right_relations: The relations whose rows say what arrived.
        repairs: What mends it when it is red, each with its command; empty where no command does.
    """

    name: str
    subject: str
    layer: Layer
    severity: Severity
    is_passed: bool
    observed: str
    expected: str
    scope: str
    offenders: tuple[str, ...]
    offender_count: int
    message: str
    remedy: str
    owner: str
    measure: str | None = None
    expected_total: int | None = None
    observed_total: int | None = None
    tolerance: int | None = None
    rule: str | None = None
    left_relations: tuple[str, ...] = ()
    right_relations: tuple[str, ...] = ()
    repairs: tuple[Repair, ...] = ()

    @property
    def is_blocking(self) -> bool:
        """Whether this result stops publication."""
        return not self.is_passed and self.severity == "blocking"

    def as_row(self) -> dict[str, object]:
        """The result as one row of plain values; what is several becomes lists."""
        row = asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()}


def blocking_failures(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Those results that stop publication."""
    return [result for result in results if result.is_blocking]
