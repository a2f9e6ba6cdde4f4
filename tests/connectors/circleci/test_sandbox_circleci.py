"""The simulated organisation's CircleCI over HTTP: increments end in what one full reading gives."""

import random
from collections import Counter
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.evidence import EvidenceStore
from connectors.sandbox.circleci.api import PAGE, CircleCIApi
from connectors.sandbox.circleci.state import CircleCIFold
from connectors.sandbox.events import BuildStarted
from connectors.sandbox.organisation import Organisation, simulate
from tests.connectors.circleci.server import DAY, TOKEN, SmallCircleCI, newest, open_source
from tests.connectors.workspace import FakeTime, open_store
from tests.replay.vendor_api import VendorApi

READ = ("pipelines", "workflows", "jobs")


@pytest.fixture(scope="module")
def company() -> Organisation:
    """Two services over two months."""
    return simulate(seed=5, months=2, services=2)


def extract_all(store: EvidenceStore, circleci: VendorApi, fold: CircleCIFold) -> Counter[str]:
    """Extract every stream and count the requests of each."""
    time = FakeTime(now=datetime.fromtimestamp(fold.at, UTC))
    source = open_source(store, circleci.base_url, time, projects=tuple(fold.projects))
    requests: Counter[str] = Counter()
    for stream in source.streams:
        report = source.extract(stream.name, run_id=f"run-{fold.at}")
        assert report.failures == ()
        requests[stream.name] = report.requests
    return requests


def reconcile(store: EvidenceStore, fold: CircleCIFold) -> None:
    """Every record that the server holds is held, as it stands there."""
    assert set(newest(store, "pipelines")) == set(fold.pipelines)
    workflows = newest(store, "workflows")
    assert {key: row["status"] for key, row in workflows.items()} == {
        key: workflow.status(fold.at) for key, (_, workflow) in fold.workflows.items()
    }
    assert set(newest(store, "jobs")) == {
        job.identifier for _, workflow in fold.workflows.values() for job in workflow.jobs
    }


def test_everything_is_read_then_what_is_new(tmp_path: Path, company: Organisation) -> None:
    api = CircleCIApi(company.company, company.timeline, TOKEN)
    circleci, fold = VendorApi(api, prefix="circleci"), api.fold
    end = company.parameters.ends_at
    builds = [event.at for event in company.timeline if isinstance(event, BuildStarted)]
    api.move_to(5 + max(at for at in builds if at < end - 10 * DAY))
    with circleci.server, open_store(tmp_path) as store:
        first = extract_all(store, circleci, fold)
        reconcile(store, fold)
        statuses = {row["status"] for row in newest(store, "workflows").values()}
        assert statuses & {"running", "on_hold"}
        assert first["pipelines"] == sum(max(1, ceil(len(row) / PAGE)) for row in fold.projects.values())
        assert first["workflows"] == len(fold.pipelines)
        assert first["jobs"] == len(fold.workflows)

        api.move_to(end - 1)
        later = extract_all(store, circleci, fold)
        reconcile(store, fold)
        new = len(fold.pipelines) - first["workflows"]
        assert new <= later["workflows"] <= new + 1


history = st.lists(st.integers(0, 2**32), min_size=1, max_size=4)


def live(circleci: SmallCircleCI, chance: random.Random) -> None:
    """A day in which pipelines start, workflows end or wait, and young ones are run again."""
    for _ in range(chance.randrange(1, 6)):
        circleci.wait(chance.randrange(60, DAY // 6))
        pipeline = circleci.pipeline()
        for _ in range(chance.randrange(3)):
            circleci.workflow(pipeline, end=chance.choice([None, "success", "failed"]))
    pipelines = list(circleci.circleci.fold.pipelines.values())
    for pipeline in chance.sample(pipelines, min(3, len(pipelines))):
        open_workflows = [row for row in pipeline.workflows if row.end is None]
        if open_workflows:
            circleci.finish(open_workflows[0], chance.choice(["success", "canceled"]))
        elif pipeline.created_at > circleci.at - 2 * DAY:
            circleci.workflow(pipeline)


def held(store: EvidenceStore) -> dict[str, Any]:
    """The newest version of everything."""
    return {stream: newest(store, stream) for stream in READ}


@settings(max_examples=8, deadline=None)
@given(seeds=history)
def test_increments_end_in_what_a_full_reading_gives(seeds: list[int]) -> None:
    circleci = SmallCircleCI()
    with circleci.api.server, TemporaryDirectory() as folder:
        with open_store(Path(folder) / "increments") as store:
            for seed in seeds:
                live(circleci, random.Random(seed))
                circleci.extract(store, *READ)
            increments = held(store)
        with open_store(Path(folder) / "full") as store:
            circleci.extract(store, *READ)
            assert increments == held(store)
