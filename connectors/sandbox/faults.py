"""What goes wrong on purpose: every nth request is answered badly."""

from dataclasses import dataclass
from typing import Any, Literal

FaultKind = Literal["bad_gateway", "too_many", "forbidden", "slow", "html"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault.

    Attributes:
        kind: 502, 429, 403 of a secondary limit, an answer that takes long, or HTML with status 200.
        every: Each so many requests.
        seconds: How long the answer takes, or how long it asks to wait.
    """

    kind: FaultKind
    every: int
    seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """All faults of a server; of several that fall on one request the first counts."""

    faults: tuple[Fault, ...] = ()

    def of_request(self, number: int) -> Fault | None:
        """The fault that falls on the request with this number, counted from 1."""
        return next((fault for fault in self.faults if number % fault.every == 0), None)

    def to_document(self) -> list[dict[str, Any]]:
        """The plan as JSON values."""
        return [{"kind": fault.kind, "every": fault.every, "seconds": fault.seconds} for fault in self.faults]

    @classmethod
    def from_document(cls, document: list[dict[str, Any]]) -> "FaultPlan":
        """Read what `to_document` wrote."""
        return cls(tuple(Fault(**row) for row in document))


NO_FAULTS = FaultPlan()
