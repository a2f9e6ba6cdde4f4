"""A GitLab over real HTTP: the sandbox's, or a small one whose projects a test arranges."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.evidence import EvidenceStore
from connectors.gitlab.kind import KIND
from connectors.gitlab.settings import GitLabSettings
from connectors.http.retries import RetryPolicy
from connectors.http.source import HttpSource
from connectors.kinds import Opening
from connectors.reports import StreamReport
from connectors.sandbox.commits import Signature, make_commit
from connectors.sandbox.company import found
from connectors.sandbox.gitlab.api import GitLabApi
from connectors.sandbox.gitlab.state import (
    Deployment,
    Environment,
    Happening,
    Job,
    MergeRequest,
    Pipeline,
    Project,
)
from connectors.sandbox.parameters import Parameters
from tests.connectors.workspace import FakeTime, landed_records
from tests.replay.vendor_api import VendorApi

TOKEN = "glpat-planted"
COMPANY = found(Parameters(services=1, months=1))
ANYBODY = COMPANY.people[0].login
START = COMPANY.parameters.starts_at
ADA = Signature("Ada", "ada@acme.example", START)
FIRST_COMMIT = make_commit(parents=(), revisions={"a.py": 1}, author=ADA, committer=ADA, message="Begin")


def clock_at(instant: int) -> FakeTime:
    """A clock that stands at an instant in epoch seconds."""
    return FakeTime(now=datetime.fromtimestamp(instant, UTC))


def open_source(store: EvidenceStore, base_url: str, time: FakeTime, **settings: Any) -> HttpSource:
    """A source over the server, as the settings file would open it."""
    named = {"groups": ("acme",)} if "projects" not in settings else {}
    parsed = GitLabSettings.model_validate(
        {"name": "gitlab", "kind": "gitlab", "base_url": f"{base_url}/api/v4", **named, **settings}
    )
    opening = Opening(
        store=store,
        runtime=time.runtime(),
        secrets={"ASSAY_GITLAB_TOKEN": TOKEN},
        policy=RetryPolicy(max_attempts=2),
    )
    source = KIND.open(parsed, opening)
    assert isinstance(source, HttpSource)
    return source


def newest(store: EvidenceStore, stream: str) -> dict[int, dict[str, Any]]:
    """The newest version of each record, by id."""
    versions: dict[int, dict[str, Any]] = {}
    for record in landed_records(store, stream):
        held = versions.get(record["id"])
        if held is None or held.get("updated_at", "") <= record.get("updated_at", ""):
            versions[record["id"]] = record
    return versions


@dataclass
class SmallGitLab:
    """A GitLab without a story, whose clock is the client's."""

    at: int = START + 90 * 86_400
    gitlab: GitLabApi = field(default_factory=lambda: GitLabApi(COMPANY, [], TOKEN))

    def __post_init__(self) -> None:
        self.api = VendorApi(self.gitlab, prefix="gitlab")
        self.gitlab.move_to(self.at)
        self.time = clock_at(self.at)
        self._ids = 1000

    def extract(
        self, store: EvidenceStore, *streams: str, run_id: str = "run", **settings: Any
    ) -> dict[str, StreamReport]:
        """Extract streams, by default all, and return the reports."""
        source = open_source(store, self.api.base_url, self.time, **settings)
        names = streams or tuple(stream.name for stream in source.streams)
        return {name: source.extract(name, run_id=run_id) for name in names}

    def wait(self, seconds: int) -> None:
        """Let time pass on both sides."""
        self.at += seconds
        self.gitlab.move_to(self.at)
        self.time.now = datetime.fromtimestamp(self.at, UTC)

    def project(self, name: str = "acme/shop") -> Project:
        """A new project."""
        number = 40_000_001 + len(self.gitlab.state.projects)
        project = Project(name, number, START, START, FIRST_COMMIT.sha, {FIRST_COMMIT.sha: FIRST_COMMIT})
        self.gitlab.state.projects[name] = project
        return project

    def request(self, project: Project, *, updated_at: int, **changes: Any) -> MergeRequest:
        """A new merge request."""
        iid = len(project.merge_requests) + 1
        texts = (ANYBODY, "Title", "Body", ("bug",), f"branch-{iid}")
        request = MergeRequest(
            self._id(), iid, *texts, [FIRST_COMMIT], updated_at, updated_at, is_draft=False
        )
        for name, value in changes.items():
            setattr(request, name, value)
        project.merge_requests[iid] = request
        return request

    def pipeline(self, project: Project, *, updated_at: int, status: str = "success") -> Pipeline:
        """A new pipeline with one job."""
        number = self._id()
        texts = ("CI", FIRST_COMMIT.sha, "main", ANYBODY, "push")
        pipeline = Pipeline(number, number, *texts, updated_at - 60, updated_at, status)
        pipeline.jobs.append(self.job(at=updated_at - 50))
        pipeline.finished_at = updated_at if status == "success" else None
        project.pipelines[number] = pipeline
        return pipeline

    def job(self, *, at: int, name: str = "test", conclusion: str = "success") -> Job:
        """A job of half a minute."""
        return Job(self._id(), name, "test", at, at, at + 30, conclusion)

    def deployment(self, project: Project, *, updated_at: int, status: str = "success") -> Deployment:
        """A new deployment to production."""
        environment = project.environments.setdefault(
            "production", Environment(self._id(), "production", is_production=True, created_at=START)
        )
        number = self._id()
        deployment = Deployment(
            number, number, environment, FIRST_COMMIT.sha, ANYBODY, updated_at, updated_at, status
        )
        project.deployments[number] = deployment
        return deployment

    def happening(self, project: Project, *, at: int, action: str = "approved") -> Happening:
        """A new event."""
        happening = Happening(self._id(), action, ANYBODY, at, "MergeRequest", 1, 1)
        project.happenings.append(happening)
        return happening

    def _id(self) -> int:
        self._ids += 1
        return self._ids
