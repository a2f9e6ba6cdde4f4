"""Whatever is changed between runs and between pages: increments end in what one full reading gives."""

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
