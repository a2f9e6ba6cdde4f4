"""The gate: may this metric be published? Every predicate is asked and recorded; any doubt closes the gate.

Which predicates apply is decided by the metric's tier. An unknown tier, a predicate that breaks, a thing that
is not known: each closes the gate with its reason. A decision is a leaf of the governance log.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

from governance import predicates as ask
from governance.asking import answer_of
from governance.canonical import canonical_json
from governance.circumstances import CellSummary, Circumstances, MetricUnderReview, PredicateResult
from governance.log import GOVERNANCE_LOG, LogTransaction
from governance.predicates import Predicate

_OPERATIONAL: tuple[Predicate, ...] = (
    ask.definition_hash_known,
    ask.check_results_pass,
    ask.scope_kinds_allowed,
)
_CERTIFIED: tuple[Predicate, ...] = (*_OPERATIONAL, ask.clock_not_set_back, ask.review_not_overdue)

PREDICATES: Mapping[str, tuple[Predicate, ...]] = {
    "exploratory": (ask.definition_hash_known, ask.scope_kinds_allowed),
    "operational": _OPERATIONAL,
    "certified": _CERTIFIED,
    "incentive": (
        *_CERTIFIED,
        ask.definition_exact,
        ask.every_layer_reconciled,
        ask.values_recomputed,
        ask.server_observed_times,
        ask.persons_listed,
        ask.minimum_n,
        ask.purpose_allowed,
        ask.signoff_present,
        ask.signers_independent,
        ask.four_eyes,
        ask.witness_cosigned,
        ask.counter_metrics_evaluated,
        ask.cause_bounds_shown,
        ask.disputes_known,
        ask.track_kept_apart,
        ask.some_value_open,
    ),
}
Stage = Literal["build", "publication"]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether one metric may be published, with everything that was asked."""

    metric: str
    metric_version: int
    tier: str
    definition_hash: str | None
    predicates: tuple[PredicateResult, ...]
    decided_at: datetime
    stage: Stage = "publication"
    purpose: str | None = None
    cells: CellSummary | None = None

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
        decided_alone = {} if self.cells is None else {"cells": _cells_document(self.cells)}
        return {
            "v": 1,
            "kind": "gate_decision",
            "stage": self.stage,
            "purpose": self.purpose,
            **decided_alone,
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

    def says_the_same_as(self, document: Mapping[str, Any]) -> bool:
        """Whether an earlier decision, as JSON, differs in its time at most."""
        return {**self.to_document(), "decided_at": None} == {**document, "decided_at": None}

    def leaf(self) -> bytes:
        """Return the canonical bytes for the governance log."""
        return canonical_json(self.to_document())


def decide(
    metric: MetricUnderReview, circumstances: Circumstances, *, stage: Stage = "publication"
) -> Decision:
    """Ask every predicate of the metric's tier, and for signatures wherever a role is required.

    Args:
        metric: What asks to be published.
        circumstances: Everything else, the instant of the decision included.
        stage: Whether this is a build or a publication.
    """
    tier = metric.policy.tier
    is_incentive = tier == "incentive"
    purpose = getattr(circumstances.purpose, "name", None) if is_incentive else None
    return Decision(
        metric.metric,
        metric.metric_version,
        tier,
        metric.definition_hash,
        tuple(
            answer_of(predicate.__name__, partial(predicate, metric, circumstances))
            for predicate in asked_of(metric)
        )
        or (PredicateResult("tier_known", is_passed=False, observed=tier, **_UNKNOWN_TIER),),
        circumstances.at,
        stage,
        purpose,
        metric.cells if is_incentive else None,
    )


def asked_of(metric: MetricUnderReview) -> tuple[Predicate, ...]:
    """Return the predicates that apply to a metric; none where nobody knows its tier."""
    asked = PREDICATES.get(metric.policy.tier, ())
    signed = (ask.signoff_present,) if metric.policy.required_roles else ()
    return tuple(dict.fromkeys((*asked, *signed))) if asked else ()


def record_decisions(transaction: LogTransaction, decisions: Iterable[Decision]) -> list[int]:
    """Append decisions to the governance log and return their leaf indexes."""
    return [transaction.append(GOVERNANCE_LOG, decision.leaf()) for decision in decisions]


def closed(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """Return the decisions that keep their metric back."""
    return tuple(decision for decision in decisions if not decision.is_open)


_UNKNOWN_TIER = {"expected": f"one of {', '.join(PREDICATES)}", "remedy": "mend the metric's tier"}


def _cells_document(cells: CellSummary) -> dict[str, Any]:
    return {
        "shown": cells.shown,
        "withheld": cells.withheld,
        "withheld_for": dict(sorted(cells.withheld_for.items())),
        "sha256": cells.sha256,
    }
