"""The gate: may this metric be published? Every predicate is asked and recorded; any doubt closes the gate.

Which predicates apply is decided by the metric's tier. An unknown tier, a predicate that breaks, a thing that
is not known: each closes the gate with its reason. A decision is a leaf of the governance log.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from governance import predicates as ask
from governance.canonical import canonical_json
from governance.log import GOVERNANCE_LOG, LogTransaction
from governance.predicates import Circumstances, MetricUnderReview, Predicate, PredicateResult

_OPERATIONAL: tuple[Predicate, ...] = (
    ask.definition_hash_known,
    ask.check_results_pass,
    ask.scope_kinds_allowed,
)
_CERTIFIED: tuple[Predicate, ...] = (*_OPERATIONAL, ask.review_not_overdue)

PREDICATES: Mapping[str, tuple[Predicate, ...]] = {
    "exploratory": (ask.definition_hash_known, ask.scope_kinds_allowed),
    "operational": _OPERATIONAL,
    "certified": _CERTIFIED,
    "incentive": (
        *_CERTIFIED,
        ask.minimum_n,
        ask.signoff_present,
        ask.four_eyes,
        ask.witness_cosigned,
    ),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether one metric may be published, with everything that was asked."""

    metric: str
    metric_version: int
    tier: str
    definition_hash: str | None
    predicates: tuple[PredicateResult, ...]
    decided_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether every predicate holds; with none asked, nothing is open."""
        return bool(self.predicates) and all(result.is_passed for result in self.predicates)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the gate is closed: one line per predicate that does not hold."""
        return tuple(
            f"{result.name}: {result.observed}; wanted {result.expected}. {result.remedy}"
            for result in self.predicates
            if not result.is_passed
        )

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form, every predicate included."""
        return {
            "v": 1,
            "kind": "gate_decision",
            "metric": self.metric,
            "metric_version": self.metric_version,
            "tier": self.tier,
            "definition_hash": self.definition_hash,
            "is_open": self.is_open,
            "decided_at": self.decided_at.astimezone(UTC).isoformat(),
            "predicates": [
                {
                    "name": result.name,
                    "is_passed": result.is_passed,
                    "observed": result.observed,
                    "expected": result.expected,
                }
                for result in self.predicates
            ],
        }

    def leaf(self) -> bytes:
        """Return the canonical bytes for the governance log."""
        return canonical_json(self.to_document())


def decide(metric: MetricUnderReview, circumstances: Circumstances, *, at: datetime) -> Decision:
    """Ask every predicate of the metric's tier."""
    tier = metric.policy.tier
    asked = PREDICATES.get(tier)
    results = (
        tuple(_answer(predicate, metric, circumstances) for predicate in asked)
        if asked
        else (PredicateResult("tier_known", is_passed=False, observed=tier, **_UNKNOWN_TIER),)
    )
    return Decision(metric.metric, metric.metric_version, tier, metric.definition_hash, results, at)


def record_decisions(transaction: LogTransaction, decisions: Iterable[Decision]) -> list[int]:
    """Append decisions to the governance log and return their leaf indexes."""
    return [transaction.append(GOVERNANCE_LOG, decision.leaf()) for decision in decisions]


def closed(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """Return the decisions that keep their metric back."""
    return tuple(decision for decision in decisions if not decision.is_open)


_UNKNOWN_TIER = {"expected": f"one of {', '.join(PREDICATES)}", "remedy": "mend the metric's tier"}


def _answer(predicate: Predicate, metric: MetricUnderReview, circumstances: Circumstances) -> PredicateResult:
    try:
        is_passed, observed, expected, remedy = predicate(metric, circumstances)
    except Exception as error:  # noqa: BLE001 - the gate fails closed, whatever broke
        return PredicateResult(
            predicate.__name__,
            is_passed=False,
            observed=f"could not be answered: {error!r}",
            expected="an answer",
            remedy="mend the input that the message names",
        )
    return PredicateResult(predicate.__name__, is_passed, observed, expected, remedy)
