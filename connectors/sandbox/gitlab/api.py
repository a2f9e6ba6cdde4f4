"""The simulated GitLab's REST API, below `/gitlab/api/v4`."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from urllib.parse import unquote

from connectors.sandbox.api import ApiRequest, ApiResponse, SandboxApi
from connectors.sandbox.company import Company
from connectors.sandbox.events import Event
from connectors.sandbox.gitlab import delivery_documents, documents
from connectors.sandbox.gitlab.fold import GitLabFold
from connectors.sandbox.gitlab.items import item_of
from connectors.sandbox.gitlab.listings import MAX_COUNTED, Listing, page_of
from connectors.sandbox.gitlab.state import GitLabState, Group, Job, Pipeline, Project

Found = Listing | dict[str, Any] | None
LIMIT = 2000
CHILD = "parent_pipeline"
"""The source of child pipelines, which lists leave out unless they ask for it."""


class GitLabApi:
    """Answers for one organisation's GitLab.

    Args:
        company: The organisation.
        events: Its whole timeline.
        token: The personal access token that is let in; None lets everybody in.
    """

    def __init__(self, company: Company, events: Sequence[Event], token: str | None) -> None:
        self.fold = GitLabFold(company, events)
        self.state = self.fold.state
        self._token = token

    def move_to(self, instant: int) -> None:
        """Let time pass until an instant in epoch seconds."""
        self.fold.move_to(instant)

    def respond(self, request: ApiRequest) -> ApiResponse:
        """Answer a request."""
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        steps = [unquote(step) for step in request.raw_path.strip("/").split("/")]
        try:
            found = self._found(steps[2:], request)
        except ValueError as error:
            return self._error(400, f"{error}")
        if found is None:
            return self._error(404, "404 Not Found")
        if isinstance(found, Listing):
            return page_of(found, request, self._headers())
        return ApiResponse(found, headers=self._headers())

    def _refusal(self, request: ApiRequest) -> ApiResponse | None:
        if request.method != "GET":
            return self._error(405, "405 Method Not Allowed")
        if self._token is not None and not self._is_let_in(request):
            return self._error(401, "401 Unauthorized")
        is_api = request.raw_path.startswith("/api/v4/")
        return None if is_api else self._error(404, "404 Not Found")

    def _is_let_in(self, request: ApiRequest) -> bool:
        given = request.headers.get("private-token")
        return given == self._token or request.headers.get("authorization") == f"Bearer {self._token}"

    def _headers(self) -> dict[str, str]:
        reset = self.state.at - self.state.at % 60 + 60
        return {
            "ratelimit-limit": str(LIMIT),
            "ratelimit-remaining": str(LIMIT - 1),
            "ratelimit-reset": str(reset),
        }

    def _error(self, status: int, message: str) -> ApiResponse:
        return ApiResponse({"message": message}, status=status, headers=self._headers())

    def _found(self, steps: list[str], request: ApiRequest) -> Found:
        match steps:
            case ["version"]:
                return {"version": "18.4.0-ee", "revision": "0a1b2c3d4e5"}
            case ["groups", name, *rest]:
                group = self._group(name)
                return None if group is None else self._of_group(group, rest)
            case ["projects", name, *rest]:
                project = self._project(name)
                if project is None:
                    return None
                return item_of(self.state, project, rest) or self._of_project(project, rest, request)
        return None

    def _group(self, name: str) -> Group | None:
        rows = self.state.groups.values()
        return next((row for row in rows if name in {str(row.number), self.state.full_path(row)}), None)

    def _project(self, name: str) -> Project | None:
        known = self.state.projects.get(name)
        if known is None and name.isdigit():
            rows = self.state.projects.values()
            return next((row for row in rows if row.number == int(name)), None)
        return known

    def _of_group(self, group: Group, rest: list[str]) -> Found:
        state = self.state
        path = state.full_path(group)
        if not rest:
            return documents.group(state, group)
        if rest == ["members"]:
            return Listing(list(group.members.items()), partial(documents.member, state))
        if rest == ["descendant_groups"]:
            below = [row for row in state.groups.values() if state.full_path(row).startswith(f"{path}/")]
            return Listing(below, partial(documents.group, state))
        if rest == ["projects"]:
            held = [row for row in state.projects.values() if row.name.startswith(f"{path}/")]
            return Listing(held, partial(documents.project, state))
        return None

    def _of_project(self, project: Project, rest: list[str], request: ApiRequest) -> Found:
        state = self.state
        if not rest:
            return documents.project(state, project)
        listed = self._listings(project, request).get("/".join(rest))
        if listed is not None:
            return listed()
        match rest:
            case ["merge_requests", number, "commits"] if number.isdigit():
                made = project.merge_requests.get(int(number))
                commits = None if made is None else made.commits[::-1]
                return None if commits is None else Listing(commits, partial(documents.commit, project))
            case ["pipelines", number, *below] if number.isdigit() and int(number) in project.pipelines:
                pipeline = project.pipelines[int(number)]
                if not below:
                    return delivery_documents.pipeline_in_detail(state, project, pipeline)
                if below == ["jobs"]:
                    rows = sorted(pipeline.jobs, key=lambda job: -job.number)
                    if request.parameter("include_retried") != "true":
                        rows = list({job.name: job for job in reversed(rows)}.values())
                    return Listing(rows, partial(delivery_documents.job, state, project, pipeline))
        return None

    def _listings(self, project: Project, request: ApiRequest) -> dict[str, Callable[[], Listing]]:
        state, updated = self.state, partial(_updated, request)
        is_child = request.parameter("source") == CHILD
        pipelines = [row for row in project.pipelines.values() if (row.source == CHILD) == is_child]
        return {
            "merge_requests": lambda: Listing(
                updated(project.merge_requests.values()), partial(documents.merge_request, state, project)
            ),
            "pipelines": lambda: Listing(updated(pipelines), partial(delivery_documents.pipeline, project)),
            "deployments": lambda: Listing(
                updated(project.deployments.values()), partial(delivery_documents.deployment, state, project)
            ),
            "events": lambda: Listing(
                _of_days(request, project.happenings),
                partial(documents.happening, state, project),
                reachable=MAX_COUNTED + 1,
            ),
            "environments": lambda: Listing(
                list(project.environments.values()), delivery_documents.environment
            ),
            "releases": lambda: Listing(project.releases, partial(documents.release, state, project)),
            "jobs": lambda: Listing(
                _jobs(project), partial(_job, state, project), keyset=lambda row: row[1].number
            ),
            "repository/tags": lambda: Listing(sorted(project.tags.items()), partial(documents.tag, project)),
        }


def _jobs(project: Project) -> list[tuple[Pipeline, Job]]:
    """Every job of a project, with its pipeline, newest first."""
    rows = [(pipeline, job) for pipeline in project.pipelines.values() for job in pipeline.jobs]
    return sorted(rows, key=lambda row: -row[1].number)


def _job(state: GitLabState, project: Project, row: tuple[Pipeline, Job]) -> dict[str, Any]:
    return delivery_documents.job(state, project, *row)


def _updated(request: ApiRequest, rows: Any) -> list[Any]:
    """Rows whose last update lies within both bounds, which belong to the range, in the order asked for."""
    after, before = request.parameter("updated_after"), request.parameter("updated_before")
    start = datetime.fromisoformat(after).timestamp() if after else float("-inf")
    end = datetime.fromisoformat(before).timestamp() if before else float("inf")
    created = request.parameter("created_before")
    latest = datetime.fromisoformat(created).timestamp() if created else float("inf")
    kept = [row for row in rows if start <= row.updated_at <= end and row.created_at <= latest]
    is_descending = request.parameter("sort", "desc") == "desc"
    if request.parameter("order_by") == "updated_at":
        return sorted(kept, key=lambda row: (row.updated_at, row.number), reverse=is_descending)
    return sorted(kept, key=lambda row: row.number, reverse=is_descending)


def _of_days(request: ApiRequest, rows: Sequence[Any]) -> list[Any]:
    """Events after the end of one day and before the start of another."""
    after, before = request.parameter("after"), request.parameter("before")
    start = _midnight(after) + timedelta(days=1) if after else datetime.min.replace(tzinfo=UTC)
    end = _midnight(before) if before else datetime.max.replace(tzinfo=UTC)
    kept = [row for row in rows if start <= datetime.fromtimestamp(row.at, UTC) < end]
    return kept if request.parameter("sort", "desc") == "asc" else kept[::-1]


def _midnight(text: str) -> datetime:
    return datetime.combine(datetime.fromisoformat(text).date(), time(), UTC)


API = SandboxApi(prefix="gitlab", make=GitLabApi)
