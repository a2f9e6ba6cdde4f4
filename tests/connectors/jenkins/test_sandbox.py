"""The simulated organisation's Jenkins, read whole and by increments: all that it lists arrives."""

from pathlib import Path

import msgspec
import pytest

from connectors.evidence import EvidenceStore
from connectors.sandbox import Organisation, simulate
from connectors.sandbox.jenkins.api import JenkinsApi
from connectors.sandbox.jenkins.state import BUILDS_KEPT, PIPELINE, Item
from tests.connectors.jenkins.server import TOKEN, read
from tests.connectors.workspace import landed, open_store
from tests.replay.vendor_api import VendorApi

DAY = 86_400
Builds = dict[tuple[str, int, int], str | None]


@pytest.fixture(scope="module")
def organisation() -> Organisation:
    return simulate(seed=3, months=7, services=6)


def jobs(app: JenkinsApi) -> list[Item]:
    """Jobs that have builds."""
    return [job for job in app.fold.state.root.jobs() if job.builds]


def shown(app: JenkinsApi) -> Builds:
    """The result of each build that the server lists, by job, number and start."""
    return {
        (job.full_name, build.number, build.started_at): build.result
        for job in jobs(app)
        for build in job.builds
    }


def known(store: EvidenceStore) -> Builds:
    """The same of evidence, newest versions."""
    found: Builds = {}
    for row in landed(store, "builds"):
        for build in msgspec.json.decode(row["body"])["allBuilds"]:
            found[row["scope"], build["number"], build["timestamp"] // 1000] = build["result"]
    return found


def test_a_first_reading_brings_all_that_is_listed_for_as_few_requests_as_can_be(
    organisation: Organisation, tmp_path: Path
) -> None:
    app = JenkinsApi(organisation.company, organisation.timeline, TOKEN)
    app.move_to(int(organisation.ends_at.timestamp()))
    assert max(len(job.builds) for job in jobs(app)) == BUILDS_KEPT
    api = VendorApi(app, prefix="jenkins")
    with api.server, open_store(tmp_path) as store:
        reports = read(store, api.base_url)
        assert known(store) == shown(app)
        pages = sum(1 + (len(job.builds) - 1) // 99 for job in jobs(app))
        ended = [
            build for job in jobs(app) if job.class_name == PIPELINE for build in job.builds if build.result
        ]
        requests = {name: report.requests for name, report in reports.items()}
        assert requests == {"jobs": 1, "builds": pages, "stages": len(ended)}
        assert reports["stages"].records == sum(len(build.stages) for build in ended)
        assert not any(report.failures for report in reports.values())


def test_increments_keep_what_retention_and_ended_branches_take_away(
    organisation: Organisation, tmp_path: Path
) -> None:
    app = JenkinsApi(organisation.company, organisation.timeline, TOKEN)
    api, seen = VendorApi(app, prefix="jenkins"), Builds()
    starts_at, ends_at = int(organisation.starts_at.timestamp()), int(organisation.ends_at.timestamp())
    with api.server, open_store(tmp_path) as store:
        for instant in range(starts_at + DAY, ends_at, 6 * DAY + 17):
            app.move_to(instant)
            reports = read(store, api.base_url)
            assert not any(report.failures for report in reports.values())
            seen |= shown(app)
            assert read(store, api.base_url, "builds")["builds"].requests == len(running(app))
        assert known(store) == seen
        assert len(seen) > 2 * len(shown(app))


def running(app: JenkinsApi) -> list[Item]:
    """Jobs that are being built."""
    return [job for job in jobs(app) if any(build.result is None for build in job.builds)]
