"""Jira's two faces as APIs of the sandbox: Cloud below `/jira`, Data Center below `/jira-dc`."""

import base64
import re
from collections.abc import Callable, Sequence
from functools import partial

from connectors.sandbox.api import ApiRequest, ApiResponse, SandboxApi
from connectors.sandbox.company import Company
from connectors.sandbox.events import Event
from connectors.sandbox.jira import listings
from connectors.sandbox.jira.documents import Renderer
from connectors.sandbox.jira.happenings import happenings
from connectors.sandbox.jira.items import approximate_count
from connectors.sandbox.jira.jql import JqlError
from connectors.sandbox.jira.plan import founded
from connectors.sandbox.jira.searching import Searches

Answer = Callable[[ApiRequest], ApiResponse]
REMOVED = re.compile(r"/rest/api/[23]/search")
_VERSION = re.compile(r"/rest/api/(\d)(/.*)")


class JiraApi:
    """One site.

    Args:
        company: The organisation.
        events: Its whole timeline.
        token: The one secret that is let in; None lets everybody in.
        is_cloud: Which of the two products it is.
        largest_page: The most issues on a page of a search; None for the product's own bound.
    """

    def __init__(
        self,
        company: Company,
        events: Sequence[Event],
        token: str | None,
        *,
        is_cloud: bool,
        largest_page: int | None = None,
    ) -> None:
        self.state = founded(company)
        self.is_cloud = is_cloud
        self.searches = Searches(self.state, is_cloud, largest_page)
        self._token = token
        self._waiting = happenings(company, events)
        self._next = 0

    def move_to(self, instant: int) -> None:
        """Let time pass until an instant in epoch seconds.

        Raises:
            ValueError: It lies in the past.
        """
        at = instant * 1000
        if at < self.state.at:
            raise ValueError(f"The simulated Jira is at {self.state.at} already and cannot go back to {at}.")
        waiting = self._waiting
        while self._next < len(waiting) and waiting[self._next].at <= at:
            waiting[self._next].apply(self.state)
            self._next += 1
        self.state.at = at
        self.searches.forget()

    def respond(self, request: ApiRequest) -> ApiResponse:
        """Answer a request."""
        if self.is_cloud and REMOVED.fullmatch(request.path):
            return refusal(
                410, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."
            )
        if not self._is_let_in(request.headers.get("authorization", "")):
            return ApiResponse(
                {
                    "errorMessages": [
                        "You are not authenticated. Authentication required to perform this operation."
                    ],
                    "errors": {},
                },
                status=401,
                headers={
                    "www-authenticate": 'OAuth realm="jira"',
                    "x-seraph-loginreason": "AUTHENTICATED_FAILED",
                },
            )
        try:
            return self._answer(request)
        except JqlError as error:
            return refusal(400, str(error))

    def _is_let_in(self, given: str) -> bool:
        """A bearer token, or (in Cloud) an e-mail address with the token for a password."""
        scheme, _, secret = given.partition(" ")
        if self._token is None or (scheme.lower() == "bearer" and secret == self._token):
            return True
        if not self.is_cloud or scheme.lower() != "basic":
            return False
        try:
            pair = base64.b64decode(secret, validate=True).decode()
        except ValueError:
            return False
        email, _, password = pair.partition(":")
        return "@" in email and password == self._token

    def _answer(self, request: ApiRequest) -> ApiResponse:
        render = Renderer(self.state, request.base_url, self.is_cloud)
        agile = request.path.removeprefix("/rest/agile/1.0")
        if agile != request.path:
            return listings.agile(self.state, render, request, agile)
        found = _VERSION.fullmatch(request.path)
        if found is None or found[1] != ("3" if self.is_cloud else "2"):
            return refusal(404, "null for uri: " + request.path)
        if found[2] == "/search/jql" and self.is_cloud:
            return ApiResponse(self.searches.cloud_page(request, render))
        if (request.method, found[2]) == ("POST", "/search/approximate-count") and self.is_cloud:
            return ApiResponse(approximate_count(self.searches, request))
        if found[2] == "/search" and not self.is_cloud:
            return ApiResponse(self.searches.data_center_page(request, render))
        return listings.platform(self.state, render, request, found[2])


def refusal(status: int, message: str) -> ApiResponse:
    """An error as Jira words it."""
    return ApiResponse({"errorMessages": [message], "errors": {}}, status=status)


API = (
    SandboxApi(prefix="jira", make=partial(JiraApi, is_cloud=True)),
    SandboxApi(prefix="jira-dc", make=partial(JiraApi, is_cloud=False)),
)
