"""Whatever happens between and during readings, every build that could still be listed is known as it is."""

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.errors import TransientSourceError
from connectors.evidence import EvidenceStore
from connectors.sandbox.jenkins.state import Item
from tests.connectors.jenkins.server import START, SmallJenkins, finish, read
from tests.connectors.workspace import landed, open_store
from tests.replay.loopback import Request

JOBS = ("acme/shop/main", "nightly")
DEEDS = st.tuples(
    st.sampled_from(["build", "start", "finish", "retain", "delete", "make anew", "many"]),
    st.integers(0, len(JOBS) - 1),
    st.integers(0, 130),
)
PAUSED = ([("start", 0, 0), ("many", 0, 5)], [("finish", 0, 0)])
"""A build that ends after others that began later."""

MADE_ANEW = ([("many", 0, 3)], [("make anew", 0, 0), ("many", 0, 9)])
"""A job whose numbers began again and have passed those known before the next reading."""

SHRINKING = [("delete", 0, 20)]
"""New builds vanish while the pages after them are still to come."""


@dataclass
class Story:
    """Deeds at a server."""

    jenkins: SmallJenkins
    now: int = START
    left: list[tuple[str, int, int]] = field(default_factory=list)

    def job(self, which: int) -> Item:
        """One of the jobs."""
        return self.jenkins.job(JOBS[which])

    def do(self, deed: str, which: int, choice: int) -> None:
        """Do something to a job."""
        self.now += 1_000
        job = self.job(which)
        if deed in ("build", "start"):
            self.jenkins.build(job, result="SUCCESS" if deed == "build" else None, at=self.now)
        elif deed == "many":
            for _ in range(choice):
                self.now += 1
                self.jenkins.build(job, at=self.now)
        elif deed == "finish":
            for build in [each for each in job.builds if each.result is None][: choice + 1]:
                finish(build, "FAILURE")
        elif deed == "retain":
            del job.builds[: choice // 4]
        elif deed == "delete" and job.builds:
            newest = len(job.builds) - choice % len(job.builds)
            del job.builds[max(0, newest - choice // 4) : newest]
        elif deed == "make anew":
            job.builds, job.next_number = [], 1

    def while_read(self, request: Request) -> None:
        """Do the next deed each time that builds are asked for."""
        if "allBuilds" in request.target and self.left:
            self.do(*self.left.pop())


def known_builds(store: EvidenceStore) -> dict[tuple[str, int, int], dict[str, Any]]:
    """The newest version of each build in evidence, by job, number and start."""
    found: dict[tuple[str, int, int], dict[str, Any]] = {}
    for row in landed(store, "builds"):
        for build in msgspec.json.decode(row["body"])["allBuilds"]:
            found[row["scope"], build["number"], build["timestamp"]] = build
    return found


def read_until_settled(store: EvidenceStore, base_url: str) -> None:
    """Read jobs and builds; a listing that was disturbed is read again by the next run."""
    for _ in range(3):
        read(store, base_url, "jobs")
        try:
            if not read(store, base_url, "builds")["builds"].failures:
                return
        except TransientSourceError:
            continue


@settings(max_examples=12, deadline=None, derandomize=True)
@example(first=PAUSED[0], runs=[(PAUSED[1], [])])
@example(first=MADE_ANEW[0], runs=[(MADE_ANEW[1], [])])
@example(first=[], runs=[([("many", 0, 130), ("many", 0, 130)], [*SHRINKING, ("build", 1, 0)])])
@given(
    first=st.lists(DEEDS, max_size=8),
    runs=st.lists(st.tuples(st.lists(DEEDS, max_size=6), st.lists(DEEDS, max_size=3)), max_size=4),
)
def test_increments_know_what_a_full_reading_finds(
    first: list[tuple[str, int, int]],
    runs: list[tuple[list[tuple[str, int, int]], list[tuple[str, int, int]]]],
) -> None:
    story = Story(SmallJenkins())
    for deed in first:
        story.do(*deed)
    story.jenkins.api.spoil = story.while_read
    with TemporaryDirectory() as folder, story.jenkins.api.server:
        with open_store(Path(folder, "increments")) as store:
            for before, during in [([], []), *runs]:
                for deed in before:
                    story.do(*deed)
                story.left = list(during)
                read_until_settled(store, story.jenkins.api.base_url)
            story.left = []
            read_until_settled(store, story.jenkins.api.base_url)
            known = known_builds(store)
        with open_store(Path(folder, "full")) as store:
            read_until_settled(store, story.jenkins.api.base_url)
            listed = known_builds(store)
    assert {key: known.get(key) for key in listed} == listed
