"""The cell that a dispute is about: metric, scope and period, with the normalisation if it is a rate."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from governance.circumstances import CellKey
from governance.errors import DisputeError

PERSON = "person"
CELL_SCOPE_KINDS = ("service", "team", "organisation", PERSON)
NOT_NORMALISED = ""


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One number.

    Attributes:
        metric: Its name, as in `dim_metrics`.
        scope_kind: `service`, `team`, `organisation` or `person`.
        scope_id: Which one; for a person the keyed token.
        period_grain: `day`, `week`, `month` or `quarter`.
        period_start: First day of the period.
        normalisation: As in `mart_team_scorecard`, such as `per_100_fte_days`; empty for the plain value.
    """

    metric: str
    scope_kind: str
    scope_id: str
    period_grain: str
    period_start: date
    normalisation: str = NOT_NORMALISED

    def __post_init__(self) -> None:
        """Refuse a kind of scope that no number has.

        Raises:
            DisputeError: the kind is unknown.
        """
        if self.scope_kind not in CELL_SCOPE_KINDS:
            raise DisputeError(
                f"{self.scope_kind!r} is no kind of scope; there are {', '.join(CELL_SCOPE_KINDS)}"
            )

    @property
    def is_personal(self) -> bool:
        """Whether it is one person's own number: then it is written into no shared file."""
        return self.scope_kind == PERSON

    @property
    def key(self) -> CellKey:
        """The value beneath: who disputes a rate disputes what it is a rate of."""
        return CellKey(self.metric, self.scope_kind, self.scope_id, self.period_grain, self.period_start)

    def __str__(self) -> str:
        """Name it for people."""
        rate = f" {self.normalisation}" if self.normalisation else ""
        period = f"{self.period_grain} of {self.period_start.isoformat()}"
        return f"{self.metric}{rate} of {self.scope_kind}:{self.scope_id}, {period}"

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "metric": self.metric,
            "scope_kind": self.scope_kind,
            "scope_id": self.scope_id,
            "period_grain": self.period_grain,
            "period_start": self.period_start.isoformat(),
            "normalisation": self.normalisation,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Cell":
        """Read the JSON form.

        Raises:
            DisputeError: a part is missing or has the wrong form.
        """
        try:
            return cls(
                metric=document["metric"],
                scope_kind=document["scope_kind"],
                scope_id=document["scope_id"],
                period_grain=document["period_grain"],
                period_start=date.fromisoformat(document["period_start"]),
                normalisation=document["normalisation"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DisputeError(f"not a cell: {error!r}") from error
