"""A Jenkins over real HTTP: the sandbox's, or a small one whose jobs a test arranges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.evidence import EvidenceStore
from connectors.http.retries import RetryPolicy
from connectors.http.source import HttpSource
from connectors.jenkins.kind import KIND
from connectors.jenkins.settings import JenkinsSettings
from connectors.kinds import Opening
from connectors.reports import StreamReport
from connectors.sandbox.api import ApiRequest, ApiResponse
from connectors.sandbox.jenkins.api import JenkinsServer
from connectors.sandbox.jenkins.state import (
    FOLDER,
    MULTIBRANCH,
    ORGANISATION,
    PIPELINE,
    Build,
    Item,
    JenkinsState,
    Result,
)
from tests.connectors.workspace import FakeTime
from tests.replay.vendor_api import VendorApi

USER, TOKEN = "ada", "11aa22bb33cc44dd55ee66ff7788990011"
SECRETS = {"ASSAY_JENKINS_USER": USER, "ASSAY_JENKINS_TOKEN": TOKEN}
START = 1_790_000_000
SHA = "0123456789abcdef0123456789abcdef01234567"


def open_source(
    store: EvidenceStore, base_url: str, *, secrets: Mapping[str, str] = SECRETS, **settings: Any
) -> HttpSource:
    """A source over the server, as the settings file would open it."""
    parsed = JenkinsSettings.model_validate(
        {"name": "jenkins", "kind": "jenkins", "base_url": base_url, **settings}
    )
    opening = Opening(
        store=store, runtime=FakeTime().runtime(), secrets=secrets, policy=RetryPolicy(max_attempts=2)
    )
    source = KIND.open(parsed, opening)
    assert isinstance(source, HttpSource)
    return source


def read(
    store: EvidenceStore, base_url: str, *streams: str, run_id: str = "run", **settings: Any
) -> dict[str, StreamReport]:
    """Extract streams (all of them by default) and return the reports."""
    source = open_source(store, base_url, **settings)
    names = streams or tuple(stream.name for stream in source.streams)
    return {name: source.extract(name, run_id=run_id) for name in names}


@dataclass
class SmallJenkins:
    """A Jenkins without a story; jobs are named by their full names."""

    state: JenkinsState = field(default_factory=lambda: JenkinsState(START))

    def __post_init__(self) -> None:
        self.api = VendorApi(self, prefix="jenkins")

    def move_to(self, instant: int) -> None:
        """Nothing happens by itself."""
        self.state.at = instant

    def respond(self, request: ApiRequest) -> ApiResponse:
        """Answer as the sandbox's Jenkins does."""
        return JenkinsServer(self.state, token=TOKEN).respond(request)

    def job(self, full_name: str, *, kind: str = PIPELINE, folders: Sequence[str] = ()) -> Item:
        """A job, made with the folders above it; their kinds from the outside in."""
        *above, name = full_name.split("/")
        folder = self.state.root
        for at, each in enumerate(above):
            folder = folder.item(each, folders[at] if at < len(folders) else FOLDER)
        job = folder.item(name, kind)
        job.repository = "acme/shop"
        return job

    def branch(self, name: str, *, project: str = "acme/shop") -> Item:
        """The job of a branch, its name as Jenkins encodes it."""
        return self.job(f"{project}/{name}", folders=(ORGANISATION, MULTIBRANCH))

    @staticmethod
    def build(
        job: Item, *, result: Result | None = "SUCCESS", at: int | None = None, sha: str = SHA
    ) -> Build:
        """Build a job; without a result it goes on."""
        started_at = START + 600 * job.next_number if at is None else at
        build = Build(0, sha, "main", "eve", is_triggered_by_hand=False, started_at=started_at)
        job.start(build)
        if result is not None:
            finish(build, result)
        return build

    def builds(self, job: Item, count: int) -> None:
        """Build a job many times."""
        for _ in range(count):
            self.build(job)


def finish(build: Build, result: Result = "SUCCESS") -> None:
    """End a build after five minutes."""
    build.finished_at, build.result = build.started_at + 300, result
