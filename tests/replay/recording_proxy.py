"""A proxy on loopback that remembers every request and its answer."""

from types import TracebackType
from typing import Self

import httpx

from tests.replay.loopback import LoopbackServer, Request, Response

_PASSED_ON = ("accept", "authorization", "if-none-match", "if-modified-since", "content-type", "host")


class RecordingProxy:
    """Stands before a server.

    Args:
        target: Base URL of the server.

    Attributes:
        exchanges: Every request with its answer.
    """

    def __init__(self, target: str) -> None:
        self.exchanges: list[tuple[Request, Response]] = []
        self._target = target
        self._client = httpx.Client(trust_env=False)
        self._server = LoopbackServer(self._answer)

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return self._server.base_url

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)
        self._client.close()

    def _answer(self, request: Request) -> Response:
        headers = {name: text for name, text in request.headers.items() if name in _PASSED_ON}
        got = self._client.request(
            request.method, self._target + request.target, headers=headers, content=request.body
        )
        kept = {name: text for name, text in got.headers.items() if name not in {"content-length", "date"}}
        response = Response(got.content, got.status_code, kept)
        self.exchanges.append((request, response))
        return response
