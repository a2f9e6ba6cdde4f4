"""What goes wrong on purpose: every nth request is answered badly."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from connectors.sandbox.api import ApiResponse

FaultKind = Literal[
    "bad_gateway",
    "unavailable",
    "too_many",
    "too_many_unnamed",
    "forbidden",
    "slow",
    "html",
    "truncated",
    "reset",
]
_LIMITED = b'{"message": "You have exceeded a secondary rate limit.", "errors": ["rate limit"]}'
_HTML: Mapping[str, str] = {"content-type": "text/html; charset=utf-8"}
_CUT = b'{"values": [{"id": 1}, {"i'
_NAMED = frozenset({"too_many", "forbidden"})
_ANSWERS: Mapping[FaultKind, tuple[int, Mapping[str, str], bytes]] = {
    "bad_gateway": (502, _HTML, b"<html><title>502 Bad Gateway</title></html>"),
    "unavailable": (503, _HTML, b"<html><title>503 Service Unavailable</title></html>"),
    "too_many": (429, {}, _LIMITED),
    "too_many_unnamed": (429, {}, _LIMITED),
    "forbidden": (403, {}, _LIMITED),
    "html": (200, _HTML, b"<html><body>Sign in</body></html>"),
    "truncated": (200, {}, _CUT),
    "reset": (200, {}, _CUT),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault.

    Attributes:
        kind: 502; 503; 429 with or without the time to wait; 403 of a secondary limit; an answer that takes
            long; HTML with status 200; JSON that ends in the middle; a connection that does.
        every: Each so many requests.
        seconds: How long the answer takes, or how long it asks to wait.
    """

    kind: FaultKind
    every: int
    seconds: float = 1.0

    def response(self) -> ApiResponse:
        """The bad answer."""
        wait = {"retry-after": str(math.ceil(self.seconds))} if self.kind in _NAMED else {}
        status, headers, body = _ANSWERS[self.kind]
        return ApiResponse(status=status, headers={**headers, **wait}, body=body)


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
