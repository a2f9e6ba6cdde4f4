"""What one vendor's API of the sandbox is: it lets time pass, and it answers requests."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from connectors.sandbox.company import Company
from connectors.sandbox.events import Event


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """What a client asks.

    Attributes:
        method: `GET`, `POST`, …
        path: Path below the API's prefix, decoded; it starts with "/".
        query: Values of each query parameter.
        headers: Headers by lower-case name.
        body: The body.
        base_url: Where the client sees this API, for absolute links.
        raw_path: The path as it was sent, for APIs in which an encoded slash is part of a name.
    """

    method: str
    path: str
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base_url: str = ""
    raw_path: str = ""

    def parameter(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        values = self.query.get(name)
        return values[-1] if values else default


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """What an API answers.

    Attributes:
        document: JSON values of the body.
        status: HTTP status.
        headers: Further headers; a content type here replaces JSON's.
        body: The body as it is, instead of a document.
    """

    document: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


class Api(Protocol):
    """One vendor's API over the timeline."""

    def move_to(self, instant: int) -> None:
        """Let time pass until an instant in epoch seconds; it never runs backwards."""

    def respond(self, request: ApiRequest) -> ApiResponse:
        """Answer a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxApi:
    """How an API of the sandbox comes about.

    Attributes:
        prefix: First step of its paths: `http://127.0.0.1:PORT/<prefix>/…`.
        make: Makes it from the company, the whole timeline and the one secret that is let in (None for all).
    """

    prefix: str
    make: Callable[[Company, Sequence[Event], str | None], Api]
