"""The gate for single values: which values of an incentive metric may be shown, and why the others stay back.

Ten thousand values times a dozen predicates do not belong into a ledger. Each value's decision has one
canonical line, the metric's own decision is a leaf that holds the hash of all lines in their order, and the
lines lie in the publication.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from governance.asking import answer_of
from governance.canonical import canonical_json
from governance.cell_predicates import FLAGS, CellQuestion
from governance.circumstances import (
    Answer,
    CellKey,
    CellSummary,
    CellUnderReview,
    Circumstances,
    MetricUnderReview,
    PredicateResult,
)
from governance.signatures import ValidSignature, valid_signatures


@dataclass(frozen=True, slots=True)
class CellDecision:
    """Whether one value may be shown, with everything that was asked."""

    key: CellKey
    n: int | None
    predicates: tuple[PredicateResult, ...]

    @property
    def is_open(self) -> bool:
        """Whether every predicate holds; with none asked, nothing is open."""
        return bool(self.predicates) and all(result.is_passed for result in self.predicates)

    @property
    def flags(self) -> tuple[str, ...]:
        """What the value is flagged with where it stays back."""
        words = {predicate.__name__: flag for predicate, flag in FLAGS.items()}
        return tuple(words[result.name] for result in self.predicates if not result.is_passed)

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form, every predicate included."""
        return {
            "scope": f"{self.key.scope_kind}:{self.key.scope_id}",
            "period_grain": self.key.period_grain,
            "period_start": self.key.period_start.isoformat(),
            "is_open": self.is_open,
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

    def line(self) -> bytes:
        """Return the canonical bytes that the metric's decision commits to."""
        return canonical_json(self.to_document())


def decide_cells(
    metric: MetricUnderReview, circumstances: Circumstances, cells: Iterable[CellUnderReview]
) -> tuple[CellDecision, ...]:
    """Ask every predicate of each value, in the order of their keys."""
    signatures = _signatures(metric, circumstances)
    shared: dict[tuple[str | None, frozenset[str] | None], Answer] = {}
    decisions = []
    for cell in sorted(cells, key=lambda each: each.key):
        asked = CellQuestion(cell, metric, circumstances, signatures, shared)
        answers = tuple(answer_of(ask.__name__, partial(ask, asked)) for ask in FLAGS)
        decisions.append(CellDecision(cell.key, cell.n, answers))
    return tuple(decisions)


def _signatures(metric: MetricUnderReview, circumstances: Circumstances) -> Sequence[ValidSignature]:
    try:
        return valid_signatures(metric, circumstances)
    except Exception:  # noqa: BLE001 - the metric's own predicates say what broke; no value counts as signed
        return ()


def summarise_cells(asked: CellSummary, decisions: Sequence[CellDecision]) -> CellSummary:
    """Return what would be shown once single values were decided.

    Args:
        asked: Before; it says whom the metric measures.
        decisions: Of every value.
    """
    is_open = [one for one in decisions if one.is_open]
    return replace(
        asked,
        shown=len(is_open),
        withheld=len(decisions) - len(is_open),
        scope_kinds=tuple(sorted({one.key.scope_kind for one in is_open})),
        smallest_n=min((one.n for one in is_open if one.n is not None), default=None),
        withheld_for=dict(Counter(flag for one in decisions for flag in one.flags)),
        sha256=commitment(decisions),
    )


def commitment(decisions: Sequence[CellDecision]) -> str:
    """Return the SHA-256 of all lines, each ended by a newline, in the order of their keys."""
    digest = hashlib.sha256()
    for one in sorted(decisions, key=lambda each: each.key):
        digest.update(one.line() + b"\n")
    return digest.hexdigest()
