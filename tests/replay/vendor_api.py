"""An API of the sandbox over real HTTP, in this process; a test may spoil its answers."""

from collections.abc import Callable
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from connectors.sandbox.api import Api, ApiRequest, ApiResponse
from tests.replay.loopback import LoopbackServer, Request, Response

Spoil = Callable[[Request], Response | None]


class VendorApi:
    """Serves one API below its prefix.

    Args:
        api: Answers.
        prefix: First step of its paths.

    Attributes:
        server: Where it is served; enter it first.
        spoil: Answers instead of the API where it gives an answer.
    """

    def __init__(self, api: Api, *, prefix: str) -> None:
        self.server = LoopbackServer(self._answer, path=f"/{prefix}")
        self.spoil: Spoil = lambda _: None
        self._api = api
        self._prefix = f"/{prefix}"

    @property
    def base_url(self) -> str:
        """Where the API lives."""
        return self.server.base_url

    def asked(self) -> list[str]:
        """Paths and queries below the prefix that were asked for since the last call, decoded."""
        targets = [unquote(target.removeprefix(self._prefix)) for target in self.server.targets()]
        self.server.requests.clear()
        return targets

    def _answer(self, request: Request) -> Response:
        spoilt = self.spoil(request)
        if spoilt is not None:
            return spoilt
        parts = urlsplit(request.target)
        raw = parts.path.removeprefix(self._prefix)
        answer = self._api.respond(
            ApiRequest(
                method=request.method,
                path=unquote(raw),
                query={name: tuple(found) for name, found in parse_qs(parts.query).items()},
                headers=request.headers,
                body=request.body,
                base_url=self.base_url,
                raw_path=raw,
            )
        )
        return _response(answer)


def _response(answer: ApiResponse) -> Response:
    body = answer.body if answer.body is not None else msgspec.json.encode(answer.document)
    return Response(body, answer.status, answer.headers)
