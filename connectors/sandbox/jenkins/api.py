"""The simulated Jenkins' remote access API and stage view, below `/jenkins`."""

import base64
from collections.abc import Sequence
from urllib.parse import unquote

from connectors.sandbox.api import ApiRequest, ApiResponse, SandboxApi
from connectors.sandbox.company import Company
from connectors.sandbox.events import Event
from connectors.sandbox.jenkins.documents import build_bean, item_bean, stages_document
from connectors.sandbox.jenkins.fold import JenkinsFold
from connectors.sandbox.jenkins.state import PIPELINE, Build, Item, JenkinsState
from connectors.sandbox.jenkins.tree import TreeError, parse_tree, prune

_VERSION = {"x-jenkins": "2.462.3"}
_WITHOUT_TREE = "name,fullName,number,result,timestamp,jobs[name,url],builds[number,url]"


class JenkinsServer:
    """Answers for a server as it stands.

    Args:
        state: Its items and builds, which may change between two requests.
        token: The API token that is let in, of whatever user; None lets everybody in.
    """

    def __init__(self, state: JenkinsState, *, token: str | None) -> None:
        self._state = state
        self._token = token

    def respond(self, request: ApiRequest) -> ApiResponse:
        """Answer a request; errors are pages for people."""
        refusal = self._refusal(request.headers.get("authorization"))
        if refusal is not None:
            return refusal
        names, rest = _names(request.raw_path)
        item = self._state.find(names)
        if item is None:
            return _page(404, "Not Found")
        url = _url(request, names)
        build = _build(item, rest[0]) if rest else None
        if rest == ["api", "json"]:
            return self._pruned(item_bean(item, url), request)
        if build is not None and rest[1:] == ["api", "json"]:
            return self._pruned(build_bean(item, build, f"{url}/"), request)
        if build is not None and rest[1:] == ["wfapi", "describe"] and item.class_name == PIPELINE:
            path = f"{url}/{build.number}".removeprefix(request.base_url)
            return ApiResponse(stages_document(build, path), headers=_VERSION)
        return _page(404, "Not Found")

    def _refusal(self, given: str | None) -> ApiResponse | None:
        if self._token is None:
            return None
        if given is None:
            return _page(403, "Authentication required")
        scheme, _, credentials = given.partition(" ")
        try:
            secret = base64.b64decode(credentials).decode().partition(":")[2]
        except ValueError:
            secret = ""
        is_known = scheme.lower() == "basic" and secret == self._token
        return None if is_known else _page(401, "Invalid password/token")

    def _pruned(self, bean: dict[str, object], request: ApiRequest) -> ApiResponse:
        try:
            wanted = parse_tree(request.parameter("tree", _WITHOUT_TREE))
        except TreeError as error:
            return _page(400, str(error))
        return ApiResponse(prune(bean, wanted), headers=_VERSION)


class JenkinsApi:
    """The server of an organisation, which lives on with its story.

    Args:
        company: The organisation.
        events: Its whole timeline.
        token: The API token that is let in.
    """

    def __init__(self, company: Company, events: Sequence[Event], token: str | None) -> None:
        self.fold = JenkinsFold(events, starts_at=company.parameters.starts_at - 1)
        self._server = JenkinsServer(self.fold.state, token=token)

    def move_to(self, instant: int) -> None:
        """Let time pass until an instant in epoch seconds."""
        self.fold.move_to(instant)

    def respond(self, request: ApiRequest) -> ApiResponse:
        """Answer a request."""
        return self._server.respond(request)


def _names(raw_path: str) -> tuple[list[str], list[str]]:
    """The names after each `job`, each decoded once, and what stands after them."""
    steps = [unquote(step) for step in raw_path.split("/") if step]
    names = []
    while len(steps) > 1 and steps[0] == "job":
        names.append(steps[1])
        steps = steps[2:]
    return names, steps


def _build(item: Item, number: str) -> Build | None:
    return next((build for build in item.builds if str(build.number) == number), None)


def _url(request: ApiRequest, names: list[str]) -> str:
    return "/".join([request.base_url, *(f"job/{name}" for name in names)])


def _page(status: int, title: str) -> ApiResponse:
    body = f"<html><head><title>Error {status} {title}</title></head><body><h2>{title}</h2></body></html>"
    return ApiResponse(
        status=status, headers={"content-type": "text/html;charset=utf-8", **_VERSION}, body=body.encode()
    )


API = SandboxApi(prefix="jenkins", make=JenkinsApi)
