"""Every API of one small simulated organisation in this process, over real HTTP, with a fault in between."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

from connectors.sandbox import Organisation, simulate
from connectors.sandbox.github.application import GitHubApplication
from connectors.sandbox.mounts import Mounts
from tests.replay.loopback import LoopbackServer, Request, Response

Answer = Callable[[], Response]
A_WHILE, LAG = timedelta(minutes=50), timedelta(minutes=4)
Disturb = Callable[[Request, Answer], Response]
"""Stands between a request and the API: answers itself, or spoils what the API answers."""


@cache
def organisation() -> Organisation:
    """One month of two services: a story that all tests share."""
    return simulate(seed=3, services=2, months=1)


def undisturbed(_request: Request, answer: Answer) -> Response:
    """The API itself."""
    return answer()


class Vendor:
    """The organisation's APIs at an instant.

    Args:
        at: The instant to begin with.
        token: The one secret that is let in.
        clock: The server's clock, for the `Date` of its answers.

    Attributes:
        disturb: What stands between client and API.
        server: Where it is served; enter it first.
    """

    def __init__(self, at: datetime, *, token: str, clock: Callable[[], datetime]) -> None:
        self.disturb: Disturb = undisturbed
        self._clock = clock
        self._token = token
        self._at = at
        self._present = self._apis(at)
        self._past: Mounts | None = None
        self.server = LoopbackServer(self._answer)

    def move_to(self, instant: datetime) -> None:
        """Let time pass."""
        self._at = instant
        self._present.move_to(int(instant.timestamp()))

    def go_on(self) -> None:
        """Let as much time pass as a story needs to change everywhere."""
        self.move_to(self._at + A_WHILE)

    def answer_of(self, request: Request) -> Response:
        """What the API answers."""
        return self._asked(self._present, request)

    def answer_of_the_past(self, request: Request) -> Response:
        """What a replica answers that lags some minutes behind."""
        if self._past is None:
            self._past = self._apis(self._at - LAG)
        return self._asked(self._past, request)

    def _apis(self, at: datetime) -> Mounts:
        story, instant = organisation(), int(at.timestamp())
        github = GitHubApplication(
            story.as_of(at).github(), token=self._token, clock=lambda: instant, sleep=_never
        )
        return Mounts(
            github, company=story.company, events=story.timeline, at=instant, token=self._token, sleep=_never
        )

    def _answer(self, request: Request) -> Response:
        response = self.disturb(request, lambda: self._asked(self._present, request))
        date = {"date": format_datetime(self._clock().astimezone(UTC), usegmt=True)}
        headers = {name.lower(): text for name, text in response.headers.items()}
        object.__setattr__(response, "headers", date | headers)
        return response

    def _asked(self, apis: Mounts, request: Request) -> Response:
        parts = urlsplit(request.target)
        scope = {
            "type": "http",
            "scheme": "http",
            "method": request.method,
            "path": unquote(parts.path),
            "raw_path": parts.path.encode("ascii"),
            "query_string": parts.query.encode("ascii"),
            "headers": [(name.encode(), text.encode("latin-1")) for name, text in request.headers.items()],
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        _run(apis(scope, receive, send))
        start, *bodies = sent
        headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in start["headers"]}
        headers.pop("content-length", None)
        return Response(b"".join(part.get("body", b"") for part in bodies), start["status"], headers)


def _run(steps: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that waits for nothing."""
    try:
        steps.send(None)
    except StopIteration:
        return
    raise RuntimeError("the simulated APIs waited for something")


async def _never(_seconds: float) -> None:
    raise RuntimeError("the simulated APIs do not sleep")
