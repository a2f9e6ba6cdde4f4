"""A CircleCI over real HTTP: the sandbox's, or a small one whose pipelines a test arranges."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.circleci.kind import KIND
from connectors.circleci.settings import CircleCISettings
from connectors.evidence import EvidenceStore
from connectors.http.retries import RetryPolicy
from connectors.http.source import HttpSource
from connectors.kinds import Opening
from connectors.reports import StreamReport
from connectors.sandbox.circleci.api import CircleCIApi
from connectors.sandbox.circleci.state import Job, Pipeline, Workflow
from connectors.sandbox.company import found
from connectors.sandbox.parameters import Parameters
from tests.connectors.workspace import FakeTime, landed_records
from tests.replay.vendor_api import VendorApi

TOKEN = "CCIPAT_planted"
SLUG = "gh/acme/shop"
COMPANY = found(Parameters(services=1, months=1))
START = COMPANY.parameters.starts_at
DAY = 86_400


def open_source(store: EvidenceStore, base_url: str, time: FakeTime, **settings: Any) -> HttpSource:
    """A source over the server, as the settings file would open it."""
    parsed = CircleCISettings.model_validate(
        {
            "name": "circleci",
            "kind": "circleci",
            "base_url": f"{base_url}/api/v2",
            "projects": (SLUG,),
            **settings,
        }
    )
    opening = Opening(
        store=store,
        runtime=time.runtime(),
        secrets={"ASSAY_CIRCLECI_TOKEN": TOKEN},
        policy=RetryPolicy(max_attempts=2),
    )
    source = KIND.open(parsed, opening)
    assert isinstance(source, HttpSource)
    return source


def newest(store: EvidenceStore, stream: str) -> dict[str, dict[str, Any]]:
    """The newest version of each record, by id."""
    envelope = None if stream == "projects" else "items"
    return {record["id"]: record for record in landed_records(store, stream, envelope=envelope)}


@dataclass
class SmallCircleCI:
    """A CircleCI without a story, whose clock is the client's."""

    at: int = START + 30 * DAY
    circleci: CircleCIApi = field(default_factory=lambda: CircleCIApi(COMPANY, [], TOKEN))

    def __post_init__(self) -> None:
        self.api = VendorApi(self.circleci, prefix="circleci")
        self.circleci.move_to(self.at)
        self.circleci.fold.projects[SLUG] = []
        self.time = FakeTime(now=datetime.fromtimestamp(self.at, UTC))
        self._ids = 0

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
        self.circleci.move_to(self.at)
        self.time.now = datetime.fromtimestamp(self.at, UTC)

    def pipeline(self, *, slug: str = SLUG, at: int | None = None) -> Pipeline:
        """A new pipeline without workflows."""
        held = self.circleci.fold.projects.setdefault(slug, [])
        created_at = self.at if at is None else at
        texts = (slug, "a" * 40, "main", "Title", "eve", "webhook")
        pipeline = Pipeline(self._id(), len(held) + 1, *texts, created_at)
        held.append(pipeline)
        self.circleci.fold.pipelines[pipeline.identifier] = pipeline
        return pipeline

    def workflow(self, pipeline: Pipeline, *, end: str | None = "success") -> Workflow:
        """A new workflow with one job; without an end it goes on."""
        workflow = Workflow(self._id(), "build", "eve", max(self.at, pipeline.created_at), [])
        workflow.jobs.append(Job(self._id(), "test", self._ids, workflow.created_at, None, "success"))
        pipeline.workflows.append(workflow)
        self.circleci.fold.workflows[workflow.identifier] = (pipeline, workflow)
        if end is not None:
            self.finish(workflow, end)
        return workflow

    def finish(self, workflow: Workflow, end: str = "success") -> None:
        """End a workflow and its jobs now."""
        workflow.end, workflow.stopped_at = end, self.at
        for job in workflow.jobs:
            job.stopped_at, job.end = self.at, end

    def _id(self) -> str:
        self._ids += 1
        return f"00000000-0000-4000-8000-{self._ids:012d}"
