"""The simulated CircleCI's API of version 2, below `/circleci/api/v2`."""

import base64
import binascii
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from connectors.sandbox.api import ApiRequest, ApiResponse, SandboxApi
from connectors.sandbox.circleci import documents
from connectors.sandbox.circleci.state import CircleCIFold, identifier
from connectors.sandbox.company import Company
from connectors.sandbox.events import Event

PAGE = 20
"""Items on a page; CircleCI takes no other number."""


class CircleCIApi:
    """Answers for one organisation's CircleCI.

    Args:
        company: The organisation.
        events: Its whole timeline.
        token: The personal API token that is let in; None lets everybody in.
    """

    def __init__(self, company: Company, events: Sequence[Event], token: str | None) -> None:
        self.fold = CircleCIFold(events, starts_at=company.parameters.starts_at - 1)
        self._token = token

    def move_to(self, instant: int) -> None:
        """Let time pass until an instant in epoch seconds."""
        self.fold.move_to(instant)

    def respond(self, request: ApiRequest) -> ApiResponse:
        """Answer a request."""
        if self._token is not None and not self._is_let_in(request):
            return _error(401, "You must log in first.")
        steps = request.path.strip("/").split("/")
        if request.method != "GET" or steps[:2] != ["api", "v2"]:
            return _error(404, "Not found")
        found = self._item(steps[2:]) or self._found(steps[2:], request)
        return _error(404, "Project not found") if found is None else found

    def _item(self, steps: list[str]) -> ApiResponse | None:
        match steps:
            case ["pipeline", key] if key in self.fold.pipelines:
                return ApiResponse(documents.pipeline(self.fold.pipelines[key]))
            case ["workflow", key] if key in self.fold.workflows:
                return ApiResponse(documents.workflow(*self.fold.workflows[key], at=self.fold.at))
        return None

    def _is_let_in(self, request: ApiRequest) -> bool:
        given = request.headers.get("circle-token")
        return given == self._token or request.headers.get("authorization") == f"Bearer {self._token}"

    def _found(self, steps: list[str], request: ApiRequest) -> ApiResponse | None:
        fold = self.fold
        match steps:
            case ["me"]:
                return ApiResponse({"id": identifier("user", "reader"), "login": "reader", "name": "Reader"})
            case ["project", *slug] if len(slug) == 3 and "/".join(slug) in fold.projects:  # noqa: PLR2004
                return ApiResponse(documents.project("/".join(slug)))
            case ["project", *slug, "pipeline"] if "/".join(slug) in fold.projects:
                newest_first = fold.projects["/".join(slug)][::-1]
                return _page(newest_first, documents.pipeline, request)
            case ["pipeline", key, "workflow"] if key in fold.pipelines:
                owner = fold.pipelines[key]
                rows = owner.workflows[::-1]
                return _page(rows, partial(documents.workflow, owner, at=fold.at), request)
            case ["workflow", key, "job"] if key in fold.workflows:
                owner, workflow = fold.workflows[key]
                return _page(workflow.jobs, partial(documents.job, owner, at=fold.at), request)
        return None


def _page(rows: Sequence[Any], render: Callable[[Any], Any], request: ApiRequest) -> ApiResponse:
    """The page after the item that the token names: what comes in at the front moves nothing."""
    token = request.parameter("page-token")
    start = 0
    if token:
        try:
            last = base64.urlsafe_b64decode(token).decode()
        except (ValueError, binascii.Error):
            return _error(400, "Invalid page token")
        start = 1 + next((at for at, row in enumerate(rows) if row.identifier == last), len(rows))
    part = rows[start : start + PAGE]
    has_more = start + PAGE < len(rows)
    following = base64.urlsafe_b64encode(part[-1].identifier.encode()).decode() if has_more else None
    return ApiResponse({"next_page_token": following, "items": [render(row) for row in part]})


def _error(status: int, message: str) -> ApiResponse:
    return ApiResponse({"message": message}, status=status)


API = SandboxApi(prefix="circleci", make=CircleCIApi)
