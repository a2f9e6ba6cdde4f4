"""Buildwright, the made-up vendor of docs/runbooks/add-a-source.md: serves recorded replies as it would.

    python -m tests.docs.buildwright PORT

The reply to `/api/builds/1041/steps` stands in `builds/1041/steps.json`. Lists of builds are cut as
Buildwright cuts them: by the instants of last update that were asked for, oldest first, one a page. Steps of
builds without a reply are forgotten.
"""

import sys
import time
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from tests.replay.loopback import LoopbackServer, Request, Response

REPLIES = Path("tests/connectors/buildwright/replies")
_PAGE = 1


class Buildwright:
    """The server.

    Args:
        replies: The folder of recorded replies.
        port: Where it listens; any free port by default.

    Attributes:
        server: Enter it to serve; its base URL is the API's.
    """

    def __init__(self, replies: Path, *, port: int = 0) -> None:
        self.server = LoopbackServer(self._answer, path="/api", port=port)
        self._replies = replies

    def asked(self) -> list[str]:
        """Paths and queries below the API that were asked for since the last call, decoded."""
        targets = [unquote(target.removeprefix("/api")) for target in self.server.targets()]
        self.server.requests.clear()
        return targets

    def _answer(self, request: Request) -> Response:
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return _refusal(HTTPStatus.UNAUTHORIZED, "no token")
        file = self._replies / f"{urlsplit(request.target).path.removeprefix('/api/')}.json"
        if not file.is_file():
            is_step = request.path.endswith("/steps")
            return _refusal(HTTPStatus.GONE if is_step else HTTPStatus.NOT_FOUND, "no such thing")
        document = msgspec.json.decode(file.read_bytes())
        if "builds" in document:
            document = _page_of_builds(document["builds"], request)
        return Response(msgspec.json.encode(document))


def _page_of_builds(builds: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    """The page that a query asks for: what changed in a window, after the last one of the page before."""
    start, end = (datetime.fromisoformat(request.query[name]) for name in ("updated_from", "updated_before"))
    chosen = [each for each in sorted(builds, key=_place) if start <= _updated(each) < end]
    waiting = [each for each in chosen if _token(each) > request.query.get("after", "")]
    page = waiting[:_PAGE]
    return {
        "builds": page,
        "next": _token(page[-1]) if len(waiting) > len(page) else None,
        "total": len(chosen),
    }


def _updated(build: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(build["updated_at"])


def _place(build: dict[str, Any]) -> tuple[datetime, int]:
    return _updated(build), build["id"]


def _token(build: dict[str, Any]) -> str:
    return f"{_updated(build).timestamp():012.0f}-{build['id']}"


def _refusal(status: HTTPStatus, message: str) -> Response:
    return Response(msgspec.json.encode({"error": message}), status)


def main(arguments: list[str]) -> None:
    """Serve the replies of the tree until Ctrl-C."""
    with Buildwright(REPLIES, port=int(arguments[0])).server as server:
        sys.stdout.write(f"Buildwright answers at {server.base_url}\n")
        sys.stdout.flush()
        while True:
            time.sleep(1)


if __name__ == "__main__":
    main(sys.argv[1:])
