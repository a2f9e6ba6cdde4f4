"""The simulated Argo CD's API server, below `/argocd`."""

from collections.abc import Sequence

from connectors.sandbox.api import ApiRequest, ApiResponse, SandboxApi
from connectors.sandbox.argocd.documents import application_document
from connectors.sandbox.argocd.state import ArgoFold
from connectors.sandbox.company import Company
from connectors.sandbox.events import Event

_LIST = "/api/v1/applications"
_UNAUTHENTICATED, _NOT_FOUND = 16, 5  # codes of gRPC


class ArgoApi:
    """Answers for one organisation's Argo CD.

    Args:
        company: The organisation.
        events: Its whole timeline.
        token: The token that is let in; None lets everybody in.
    """

    def __init__(self, company: Company, events: Sequence[Event], token: str | None) -> None:
        self.fold = ArgoFold(company, events)
        self._token = token

    def move_to(self, instant: int) -> None:
        """Let time pass until an instant in epoch seconds."""
        self.fold.move_to(instant)

    def respond(self, request: ApiRequest) -> ApiResponse:
        """Answer a request."""
        if self._token is not None and request.headers.get("authorization") != f"Bearer {self._token}":
            return _error(401, _UNAUTHENTICATED, "no session information")
        if request.path == "/api/v1/session/userinfo":
            return ApiResponse({"loggedIn": True, "username": "assay", "iss": "argocd"})
        if request.path == _LIST:
            return ApiResponse(self._listing(request))
        application = self.fold.applications.get(request.path.removeprefix(f"{_LIST}/"))
        if application is None:
            return _error(404, _NOT_FOUND, "Not Found")
        return ApiResponse(application_document(application, now=self.fold.at))

    def _listing(self, request: ApiRequest) -> dict[str, object]:
        """All applications at once: there are no pages, and no list at all where there is none."""
        projects = {*request.query.get("projects", ()), *request.query.get("project", ())}
        name = request.parameter("name")
        found = [
            application_document(application, now=self.fold.at)
            for application in sorted(self.fold.applications.values(), key=lambda each: each.name)
            if (not projects or application.project in projects) and name in ("", application.name)
        ]
        return {"metadata": {"resourceVersion": str(self.fold.at)}, "items": found or None}


def _error(status: int, code: int, message: str) -> ApiResponse:
    return ApiResponse({"error": message, "code": code, "message": message}, status=status)


API = SandboxApi(prefix="argocd", make=ArgoApi)
