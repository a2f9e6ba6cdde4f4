"""Where GitLab loses records without a word, and one project that must not stop the others."""

from pathlib import Path

import msgspec
import pytest
from pydantic import ValidationError

from connectors.errors import PermanentSourceError
from connectors.gitlab.settings import GitLabSettings
from tests.connectors.gitlab.server import FIRST_COMMIT, START, TOKEN, SmallGitLab, newest, open_source
from tests.connectors.workspace import landed, landed_records, open_store, windows
from tests.replay.loopback import Request, Response

HOUR = 3600
DAY = 24 * HOUR


def test_a_list_by_last_update_never_asks_for_a_deep_page(tmp_path: Path) -> None:
    """Offsets beyond 50,000 are refused, and every numbered page skips what moves."""
    gitlab = SmallGitLab()
    project = gitlab.project()
    for minute in range(450):
        gitlab.request(project, updated_at=START + 60 * minute)
    with gitlab.api.server, open_store(tmp_path) as store:
        report = gitlab.extract(store, "projects", "merge_requests")["merge_requests"]
        assert report.requests == 5
        assert not [target for target in gitlab.api.asked() if "&page=" in target and "&page=1" not in target]
        assert len(newest(store, "merge_requests")) == 450


def test_a_bulk_change_of_more_than_a_page_is_read_to_its_end(tmp_path: Path) -> None:
    gitlab = SmallGitLab()
    project = gitlab.project()
    for _ in range(350):
        gitlab.request(project, updated_at=START + HOUR)
    gitlab.request(project, updated_at=START + 2 * HOUR)
    with gitlab.api.server, open_store(tmp_path) as store:
        gitlab.extract(store, "projects", "merge_requests")
        assert len(newest(store, "merge_requests")) == 351


def test_more_events_than_gitlab_counts_are_read_in_smaller_windows(tmp_path: Path) -> None:
    """GitLab links 10,000 events of a search and then says that there are no more."""
    gitlab = SmallGitLab()
    project = gitlab.project()
    for number in range(10_150):
        gitlab.happening(project, at=START + 500 * number)
    with gitlab.api.server, open_store(tmp_path) as store:
        report = gitlab.extract(store, "projects", "events")["events"]
        assert len(newest(store, "events")) == 10_150
        assert report.requests < 102 + 15
        assert len(windows(store, "events")) > 1


def test_a_page_from_which_everything_was_left_out_is_not_the_last(tmp_path: Path) -> None:
    """What the reader may not see is taken out of events after the page was cut."""
    gitlab = SmallGitLab()
    project = gitlab.project()
    for number in range(350):
        gitlab.happening(project, at=START + HOUR * number).is_hidden = 100 <= number < 240
    with gitlab.api.server, open_store(tmp_path) as store:
        gitlab.extract(store, "projects", "events")
        assert [row["record_count"] for row in landed(store, "events")] == [100, 0, 60, 50]


def test_events_of_today_come_with_the_next_hour(tmp_path: Path) -> None:
    """Bounds of the events API are days that it leaves out."""
    gitlab = SmallGitLab()
    project = gitlab.project()
    first = gitlab.happening(project, at=gitlab.at - 2 * HOUR)
    with gitlab.api.server, open_store(tmp_path) as store:
        gitlab.extract(store, "projects", "events")
        second = gitlab.happening(project, at=gitlab.at)
        gitlab.wait(HOUR)
        gitlab.extract(store, "events")
        assert set(newest(store, "events")) == {first.number, second.number}


def test_child_pipelines_are_a_list_of_their_own_with_jobs(tmp_path: Path) -> None:
    gitlab = SmallGitLab()
    project = gitlab.project()
    parent = gitlab.pipeline(project, updated_at=START + HOUR)
    child = gitlab.pipeline(project, updated_at=START + HOUR)
    child.source = "parent_pipeline"
    with gitlab.api.server, open_store(tmp_path) as store:
        gitlab.extract(store)
        assert set(newest(store, "pipelines")) == {parent.number}
        assert set(newest(store, "child_pipelines")) == {child.number}
        assert set(newest(store, "jobs")) == {parent.jobs[0].number, child.jobs[0].number}


def test_a_retried_job_is_another_job_and_both_are_read(tmp_path: Path) -> None:
    gitlab = SmallGitLab()
    project = gitlab.project()
    pipeline = gitlab.pipeline(project, updated_at=START + HOUR, status="failed")
    pipeline.jobs[0].conclusion = "failed"
    with gitlab.api.server, open_store(tmp_path) as store:
        gitlab.extract(store, "projects", "pipelines", "jobs")
        gitlab.wait(HOUR)
        pipeline.jobs.append(gitlab.job(at=gitlab.at))
        pipeline.status, pipeline.updated_at = "success", gitlab.at
        gitlab.wait(HOUR)
        gitlab.extract(store, "projects", "pipelines", "jobs")
        assert len(newest(store, "jobs")) == 2
        assert {row["status"] for row in newest(store, "jobs").values()} == {"success", "failed"}


def test_commits_are_read_again_only_after_a_push_or_another_target(tmp_path: Path) -> None:
    gitlab = SmallGitLab()
    project = gitlab.project()
    request = gitlab.request(project, updated_at=START + HOUR)
    streams = ("projects", "merge_requests", "merge_request_commits")
    with gitlab.api.server, open_store(tmp_path) as store:
        gitlab.extract(store, *streams)
        request.labels, request.updated_at = ("feature",), gitlab.at
        gitlab.wait(HOUR)
        reports = gitlab.extract(store, *streams)
        assert (reports["merge_requests"].records, reports["merge_request_commits"].requests) == (1, 0)


def test_one_project_that_may_not_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    gitlab = SmallGitLab()
    for name in ("acme/api", "acme/shop", "acme/web"):
        gitlab.pipeline(gitlab.project(name), updated_at=START + HOUR)

    def refuse(request: Request) -> Response | None:
        is_refused = "acme%2Fshop/pipelines" in request.target
        return Response(b'{"message":"403 Forbidden"}', 403) if is_refused else None

    gitlab.api.spoil = refuse
    with gitlab.api.server, open_store(tmp_path) as store:
        report = gitlab.extract(store, "projects", "pipelines")["pipelines"]
        (failure,) = report.failures
        assert isinstance(failure.error, PermanentSourceError)
        assert (failure.scope, failure.error.status) == ("acme/shop", 403)
        assert {row["scope"] for row in landed(store, "pipelines")} == {"acme/api", "acme/web"}


def test_a_project_without_a_repository_has_no_tags(tmp_path: Path) -> None:
    gitlab = SmallGitLab()
    gitlab.project().tags["v1"] = (FIRST_COMMIT.sha, START)
    with gitlab.api.server, open_store(tmp_path) as store:
        gitlab.extract(store, "projects", "tags")
        missing = Response(b'{"message":"404 Repository Not Found"}', 404)
        gitlab.api.spoil = lambda request: missing if request.path.endswith("/tags") else None
        assert gitlab.extract(store, "tags")["tags"].failures == ()
        assert [row["record_count"] for row in windows(store, "tags")] == [1, 0]


def test_one_group_that_may_not_be_seen_does_not_stop_the_others(tmp_path: Path) -> None:
    gitlab = SmallGitLab()
    gitlab.pipeline(gitlab.project(), updated_at=START + HOUR)
    with gitlab.api.server, open_store(tmp_path) as store:
        reports = gitlab.extract(store, "projects", "pipelines", groups=("secret", "acme"), projects=())
        assert [failure.scope for failure in reports["projects"].failures] == ["secret"]
        assert reports["pipelines"].records == 1


def test_a_renamed_project_is_followed_and_keeps_its_id(tmp_path: Path) -> None:
    gitlab = SmallGitLab()
    project = gitlab.project("acme/store")
    for minute in range(120):
        gitlab.pipeline(project, updated_at=START + 60 * minute)

    def redirect(request: Request) -> Response | None:
        if "acme%2Fshop" not in request.target:
            return None
        target = request.target.replace("acme%2Fshop", str(project.number))
        return Response(b"", 301, {"location": target})

    gitlab.api.spoil = redirect
    with gitlab.api.server, open_store(tmp_path) as store:
        reports = gitlab.extract(store, "projects", "pipelines", groups=(), projects=("acme/shop",))
        (record,) = landed_records(store, "projects")
        assert (record["id"], record["path_with_namespace"]) == (project.number, "acme/store")
        assert len(newest(store, "pipelines")) == 120
        assert reports["pipelines"].requests == 3


def test_groups_and_single_projects_are_read_side_by_side_and_none_twice(tmp_path: Path) -> None:
    gitlab = SmallGitLab()
    for name in ("acme/api", "acme/shop", "other/tool"):
        gitlab.pipeline(gitlab.project(name), updated_at=START + HOUR)
    gitlab.gitlab.state.groups["other"] = gitlab.gitlab.state.groups["acme"]
    with gitlab.api.server, open_store(tmp_path) as store:
        named = ("other/tool", "acme/shop")
        reports = gitlab.extract(store, "projects", "pipelines", groups=("acme",), projects=named)
        assert reports["projects"].requests == 3
        assert reports["pipelines"].requests == 3
        assert {row["scope"] for row in landed(store, "pipelines")} == {"acme/api", "acme/shop", "other/tool"}


def test_links_that_name_the_server_otherwise_are_read_by_their_number(tmp_path: Path) -> None:
    """A self-managed GitLab writes links with the host of its own configuration."""
    gitlab = SmallGitLab()
    project = gitlab.project()
    for number in range(120):
        project.tags[f"v{number:03}"] = (FIRST_COMMIT.sha, START)
    pages = [
        msgspec.json.encode([{"name": f"v{number:03}"} for number in numbers])
        for numbers in (range(100), range(100, 120))
    ]

    def elsewhere(request: Request) -> Response | None:
        if not request.path.endswith("/tags"):
            return None
        page = int(request.query.get("page", "1"))
        following = {"link": '<https://gitlab.internal/x?page=2>; rel="next"', "x-next-page": "2"}
        return Response(pages[page - 1], headers=following if page == 1 else {"x-next-page": ""})

    gitlab.api.spoil = elsewhere
    with gitlab.api.server, open_store(tmp_path) as store:
        gitlab.extract(store, "projects", "tags")
        assert len(landed_records(store, "tags")) == 120


def test_a_limit_is_waited_for_as_gitlab_names_it(tmp_path: Path) -> None:
    gitlab = SmallGitLab()
    gitlab.project()
    limits = iter([Response(b"Retry later", 429, {"retry-after": "7"})])
    gitlab.api.spoil = lambda _: next(limits, None)
    with gitlab.api.server, open_store(tmp_path) as store:
        report = gitlab.extract(store, "projects")["projects"]
        assert report.records == 1
        assert 7 <= gitlab.time.slept_seconds < 9


def test_a_limit_without_a_wait_lasts_until_its_reset(tmp_path: Path) -> None:
    gitlab = SmallGitLab()
    gitlab.project()
    used_up = {
        "ratelimit-limit": "2000",
        "ratelimit-remaining": "0",
        "ratelimit-reset": str(gitlab.at + 40),
        "date": gitlab.time.now.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    }
    limits = iter([Response(b"Retry later", 429, used_up)])
    gitlab.api.spoil = lambda _: next(limits, None)
    with gitlab.api.server, open_store(tmp_path) as store:
        assert gitlab.extract(store, "projects")["projects"].records == 1
        assert 40 <= gitlab.time.slept_seconds < 43


def test_an_unchanged_list_is_not_sent_again(tmp_path: Path) -> None:
    gitlab = SmallGitLab()
    gitlab.project()
    tag = {"etag": 'W/"1"'}

    def remember(request: Request) -> Response | None:
        if "/environments" not in request.path:
            return None
        is_known = request.headers.get("if-none-match") == tag["etag"]
        return Response(b"", 304, tag) if is_known else Response(b'[{"id":1}]', headers=tag)

    gitlab.api.spoil = remember
    with gitlab.api.server, open_store(tmp_path) as store:
        for _ in range(2):
            report = gitlab.extract(store, "projects", "environments")["environments"]
        assert (report.requests, report.not_modified) == (1, 1)


def test_the_token_goes_into_a_header_and_nowhere_else(tmp_path: Path) -> None:
    gitlab = SmallGitLab()
    gitlab.pipeline(gitlab.project(), updated_at=START + HOUR)
    with gitlab.api.server, open_store(tmp_path) as store:
        gitlab.extract(store)
        assert {request.headers["private-token"] for request in gitlab.api.server.requests} == {TOKEN}
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or TOKEN.encode() not in file.read_bytes()


def test_a_source_without_groups_and_projects_is_refused() -> None:
    with pytest.raises(ValidationError, match="name groups or projects"):
        GitLabSettings.model_validate({"name": "gitlab", "kind": "gitlab"})


def test_streams_of_projects_wait_for_the_list_of_projects(tmp_path: Path) -> None:
    gitlab = SmallGitLab()
    unread = pytest.raises(PermanentSourceError, match="Extract projects first")
    with gitlab.api.server, open_store(tmp_path) as store, unread:
        gitlab.extract(store, "pipelines")


def test_a_first_run_can_be_planned(tmp_path: Path) -> None:
    gitlab = SmallGitLab()
    project = gitlab.project()
    for minute in range(150):
        gitlab.pipeline(project, updated_at=START + 60 * minute)
    with gitlab.api.server, open_store(tmp_path) as store:
        source = open_source(store, gitlab.api.base_url, gitlab.time)
        assert [finding.is_ok for finding in source.check()] == [True, True]
        gitlab.extract(store, "projects")
        planned = {row.stream: row.requests for row in source.estimate()}
        spent = {name: report.requests for name, report in gitlab.extract(store).items()}
        assert planned["pipelines"] == spent["pipelines"] == 2
        assert planned["pipeline_details"] == spent["pipeline_details"] == 150
        assert planned["deployments"] == spent["deployments"] == 1
        assert spent["jobs"] == 2
