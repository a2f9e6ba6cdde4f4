"""Whatever is changed between runs and between pages: increments end in what one full reading gives."""

import random
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.gitlab import kind as gitlab_kind
from connectors.gitlab.pagers import NextPage
from connectors.gitlab.streams import STREAMS
from connectors.sandbox.gitlab.state import Pipeline
from tests.connectors.gitlab.server import START, SmallGitLab, newest
from tests.connectors.workspace import open_store
from tests.replay.loopback import Request, Response

RECORDS = 230
STREAMS_READ = ("projects", "merge_requests", "pipelines", "deployments")

edits = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, RECORDS - 1)),
    min_size=1,
    max_size=25,
)
"""Pairs: before which request of the run, and which record is changed."""


class Edited:
    """A GitLab of which records change just before the nth request."""

    def __init__(self) -> None:
        self.gitlab = SmallGitLab()
        self.project = self.gitlab.project()
        self.plan: list[tuple[int, int]] = []
        self._asked = 0
        self._edits = 0
        for minute in range(RECORDS):
            self.gitlab.request(self.project, updated_at=START + 60 * minute)
            self.gitlab.pipeline(self.project, updated_at=START + 60 * minute)
            self.gitlab.deployment(self.project, updated_at=START + 60 * minute, status="created")
        self.gitlab.api.spoil = self._edit

    def run(self, store: Any, plan: list[tuple[int, int]]) -> None:
        """One run, during which the plan comes true; then an hour passes."""
        self.plan, self._asked = plan, 0
        self.gitlab.extract(store, *STREAMS_READ)
        self.plan = []
        self.gitlab.wait(3600)

    def change(self, index: int) -> None:
        """Change the record of each stream that stands at a place."""
        self._edits += 1
        at = self.gitlab.at
        request = list(self.project.merge_requests.values())[index]
        request.labels, request.updated_at = (f"edit-{self._edits}",), at
        pipeline = list(self.project.pipelines.values())[index]
        pipeline.name, pipeline.updated_at = f"edit-{self._edits}", at
        deployment = list(self.project.deployments.values())[index]
        deployment.status, deployment.updated_at = f"edit-{self._edits}", at

    def _edit(self, request: Request) -> Response | None:
        del request
        for when, index in self.plan:
            if when == self._asked:
                self.change(index)
        self._asked += 1
        return None


def held(store: Any) -> dict[str, Any]:
    """The newest version of everything."""
    return {stream: newest(store, stream) for stream in STREAMS_READ}


@settings(max_examples=6, deadline=None)
@given(plans=st.lists(edits, min_size=1, max_size=3))
def test_increments_end_in_what_a_full_reading_gives(plans: list[list[tuple[int, int]]]) -> None:
    edited = Edited()
    with edited.gitlab.api.server, TemporaryDirectory() as folder:
        with open_store(Path(folder) / "increments") as store:
            for plan in plans:
                edited.run(store, plan)
            edited.run(store, [])
            increments = held(store)
        with open_store(Path(folder) / "full") as store:
            edited.run(store, [])
            assert increments == held(store)


class Building:
    """A GitLab in which pipelines start, wait, end and are retried, also while they are read."""

    def __init__(self, seed: int) -> None:
        self.gitlab = SmallGitLab()
        self.project = self.gitlab.project()
        self.chance = random.Random(seed)
        self.gitlab.api.spoil = self._go_on

    def run(self, store: Any, *, is_live: bool = True) -> None:
        """Half a day goes by, then everything is read, while things go on."""
        for _ in range(self.chance.randrange(8) if is_live else 0):
            self.gitlab.wait(self.chance.randrange(60, 7200))
            self.happen()
        self.gitlab.wait(3600)
        self._is_live = is_live
        self.gitlab.extract(store, "projects", "pipelines", "child_pipelines", "jobs")

    def happen(self) -> None:
        """One of the things that change jobs."""
        pipelines = list(self.project.pipelines.values())
        running = [row for row in pipelines if row.status == "running"]
        choice = self.chance.randrange(4)
        if choice <= 1 or not pipelines:
            self._start()
        elif choice == 2 and running:
            self._end(self.chance.choice(running))
        else:
            self._retry(self.chance.choice(pipelines))

    def _start(self) -> None:
        pipeline = self.gitlab.pipeline(self.project, updated_at=self.gitlab.at, status="running")
        pipeline.created_at = self.gitlab.at
        pipeline.source = self.chance.choice(["push", "parent_pipeline"])
        pipeline.jobs = [self.gitlab.job(at=self.gitlab.at) for _ in range(self.chance.randrange(1, 60))]
        for job in pipeline.jobs:
            job.finished_at = None

    def _end(self, pipeline: Pipeline) -> None:
        for job in pipeline.jobs:
            job.finished_at = job.finished_at or self.gitlab.at
        pipeline.status, pipeline.updated_at = "success", self.gitlab.at

    def _retry(self, pipeline: Pipeline) -> None:
        job = self.gitlab.job(at=self.gitlab.at)
        job.finished_at = None
        pipeline.jobs.append(job)
        pipeline.status, pipeline.updated_at = "running", self.gitlab.at

    def _go_on(self, request: Request) -> Response | None:
        del request
        if self._is_live and self.chance.randrange(3) == 0:
            self.happen()
        return None


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32), runs=st.integers(1, 4))
def test_jobs_end_as_a_full_reading_has_them(seed: int, runs: int) -> None:
    building = Building(seed)
    with building.gitlab.api.server, TemporaryDirectory() as folder:
        with open_store(Path(folder) / "increments") as store:
            for _ in range(runs):
                building.run(store)
            building.run(store, is_live=False)
            increments = newest(store, "jobs")
        with open_store(Path(folder) / "full") as store:
            building.run(store, is_live=False)
            assert increments == newest(store, "jobs")


def after_edits_while_paging(folder: Path) -> int:
    """How many pipelines are held after five were changed that had been read already."""
    edited = Edited()
    with edited.gitlab.api.server, open_store(folder) as store:
        edited.plan = [(2, index) for index in range(5)]
        edited.gitlab.extract(store, "projects", "pipelines")
        edited.plan = []
        edited.gitlab.wait(3600)
        edited.gitlab.extract(store, "projects", "pipelines")
        return len(newest(store, "pipelines"))


def test_what_changes_while_it_is_read_leaves_no_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbered pages would miss five records for ever: they moved up into a page that was read."""
    assert after_edits_while_paging(tmp_path / "by-update") == RECORDS
    numbered = tuple(
        replace(stream, pager=NextPage()) if stream.name == "pipelines" else stream for stream in STREAMS
    )
    monkeypatch.setattr(gitlab_kind, "STREAMS", numbered)
    assert after_edits_while_paging(tmp_path / "by-number") == RECORDS - 5
