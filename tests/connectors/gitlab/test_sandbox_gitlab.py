"""The simulated organisation's GitLab over HTTP: everything, then what is new, for the fewest requests."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path

import pytest

from connectors.evidence import EvidenceStore
from connectors.sandbox.events import BuildStarted
from connectors.sandbox.gitlab.api import GitLabApi
from connectors.sandbox.gitlab.state import GitLabState, Project
from connectors.sandbox.organisation import Organisation, simulate
from connectors.streams import TimeWindow
from tests.connectors.gitlab.server import TOKEN, clock_at, newest, open_source
from tests.connectors.workspace import landed_records, open_store, windows
from tests.replay.vendor_api import VendorApi

DAY = 86_400
PAGE = 100


@pytest.fixture(scope="module")
def company() -> Organisation:
    """Two services over two months."""
    return simulate(seed=5, months=2, services=2)


def extract_all(store: EvidenceStore, gitlab: VendorApi, *, at: int) -> Counter[str]:
    """Extract every stream a minute later, and count the requests of each."""
    source = open_source(store, gitlab.base_url, clock_at(at + 60))
    requests: Counter[str] = Counter()
    for stream in source.streams:
        report = source.extract(stream.name, run_id=f"run-{at}")
        assert report.failures == ()
        requests[stream.name] = report.requests
    return requests


def pages(count: int) -> int:
    """Requests that a list of so many records takes at least."""
    return max(1, ceil(count / PAGE))


def held_by(project: Project) -> dict[str, set[int]]:
    """Ids of what a project holds, by stream."""
    return {
        "merge_requests": {row.number for row in project.merge_requests.values()},
        "pipelines": set(project.pipelines),
        "pipeline_details": set(project.pipelines),
        "jobs": {job.number for row in project.pipelines.values() for job in row.jobs},
        "deployments": set(project.deployments),
        "environments": {row.number for row in project.environments.values()},
        "events": {row.number for row in project.happenings},
    }


def reconcile(store: EvidenceStore, state: GitLabState) -> None:
    """Every record that the server holds is held, in the version that it has there."""
    expected: dict[str, set[int]] = {}
    for project in state.projects.values():
        for stream, ids in held_by(project).items():
            expected.setdefault(stream, set()).update(ids)
    for stream, ids in expected.items():
        assert set(newest(store, stream)) == ids, stream
    for project in state.projects.values():
        for request in project.merge_requests.values():
            assert newest(store, "merge_requests")[request.number]["state"] == request.state
        statuses = newest(store, "pipeline_details")
        for pipeline in project.pipelines.values():
            assert statuses[pipeline.number]["status"] == pipeline.status
        for number, deployment in project.deployments.items():
            assert newest(store, "deployments")[number]["status"] == deployment.status


def newest_sets(store: EvidenceStore, stream: str) -> dict[tuple[str, str], int]:
    """How many records the newest set of each parent has."""
    return {(row["scope"], row["parent_key"]): row["record_count"] for row in windows(store, stream)}


def test_everything_is_read_then_what_is_new_and_nothing_twice(tmp_path: Path, company: Organisation) -> None:
    api = GitLabApi(company.company, company.timeline, TOKEN)
    gitlab = VendorApi(api, prefix="gitlab")
    state, end = api.state, company.parameters.ends_at
    builds = [event.at for event in company.timeline if isinstance(event, BuildStarted)]
    middle = 20 + max(at for at in builds if at < end - 10 * DAY)
    api.move_to(middle)
    with gitlab.server, open_store(tmp_path) as store:
        first = extract_all(store, gitlab, at=middle)
        reconcile(store, state)
        projects = list(state.projects.values())
        assert first["merge_requests"] == sum(pages(len(row.merge_requests)) for row in projects)
        assert first["pipelines"] == sum(pages(len(row.pipelines)) for row in projects)
        assert first["deployments"] == sum(pages(len(row.deployments)) for row in projects)
        assert first["events"] == sum(pages(len(row.happenings)) for row in projects)
        assert first["merge_request_commits"] == sum(len(row.merge_requests) for row in projects)
        assert first["pipeline_details"] == sum(len(row.pipelines) for row in projects)
        assert first["jobs"] == sum(pages(len(held_by(row)["jobs"])) for row in projects)
        assert first["projects"] == first["groups"] == first["subgroups"] == 1

        again = extract_all(store, gitlab, at=middle)
        assert [again[name] for name in ("pipeline_details", "merge_request_commits")] == [0, 0]
        assert again["merge_requests"] == again["jobs"] == len(projects)

        before = versions(state)
        assert "running" in {status for status, _ in before.values()}
        api.move_to(end - 1)
        later = extract_all(store, gitlab, at=end - 1)
        reconcile(store, state)
        changed = [number for number, version in versions(state).items() if before.get(number) != version]
        old = set(changed) & set(before)
        assert old
        assert later["pipeline_details"] == len(changed)
        assert later["jobs"] <= len(projects) + len(old) + 1


def versions(state: GitLabState) -> dict[int, tuple[str, int]]:
    """Status and last update of every pipeline."""
    rows = [row for project in state.projects.values() for row in project.pipelines.values()]
    return {row.number: (row.status, row.updated_at) for row in rows}


def test_the_commits_of_a_merge_request_are_those_of_its_branch_now(
    tmp_path: Path, company: Organisation
) -> None:
    api = GitLabApi(company.company, company.timeline, TOKEN)
    gitlab = VendorApi(api, prefix="gitlab")
    with gitlab.server, open_store(tmp_path) as store:
        for at in (company.parameters.ends_at - 20 * DAY, company.parameters.ends_at - 1):
            api.move_to(at)
            source = open_source(store, gitlab.base_url, clock_at(at))
            for stream in ("projects", "merge_requests", "merge_request_commits"):
                source.extract(stream, run_id=f"run-{at}")
        expected = {
            (project.name, str(request.iid)): len(request.commits)
            for project in api.state.projects.values()
            for request in project.merge_requests.values()
        }
        assert newest_sets(store, "merge_request_commits") == expected


def test_groups_are_teams_with_their_members(tmp_path: Path, company: Organisation) -> None:
    api = GitLabApi(company.company, company.timeline, TOKEN)
    gitlab = VendorApi(api, prefix="gitlab")
    api.move_to(company.parameters.ends_at - 1)
    with gitlab.server, open_store(tmp_path) as store:
        source = open_source(store, gitlab.base_url, clock_at(company.parameters.ends_at))
        for stream in ("groups", "subgroups", "group_members", "subgroup_members"):
            source.extract(stream, run_id="run")
        teams = [row for row in api.state.groups.values() if row.parent is not None]
        assert {row["full_path"] for row in landed_records(store, "subgroups")} == {
            api.state.full_path(row) for row in teams
        }
        assert newest_sets(store, "subgroup_members") == {
            ("acme", api.state.full_path(row)): len(row.members) for row in teams
        }


def test_a_day_can_be_read_again_without_moving_on(tmp_path: Path, company: Organisation) -> None:
    api = GitLabApi(company.company, company.timeline, TOKEN)
    gitlab = VendorApi(api, prefix="gitlab")
    end = company.parameters.ends_at
    api.move_to(end - 1)
    with gitlab.server, open_store(tmp_path) as store:
        source = open_source(store, gitlab.base_url, clock_at(end))
        for stream in ("projects", "events", "pipelines"):
            source.extract(stream, run_id="run")
        day = datetime.fromtimestamp(end - 20 * DAY, UTC).replace(hour=0, minute=0, second=0)
        for stream in ("events", "pipelines"):
            cursors = [store.cursor("gitlab", stream, scope) for scope in api.state.projects]
            report = source.extract(stream, run_id="again", window=TimeWindow(day, day + timedelta(days=1)))
            start = day.timestamp()
            projects = list(api.state.projects.values())
            happened = [row.at for project in projects for row in project.happenings]
            updated = [row.updated_at for project in projects for row in project.pipelines.values()]
            instants = happened if stream == "events" else updated
            assert report.records == len(
                [at for at in instants if start <= at <= start + DAY - (stream == "events")]
            )
            assert [store.cursor("gitlab", stream, scope) for scope in api.state.projects] == cursors
