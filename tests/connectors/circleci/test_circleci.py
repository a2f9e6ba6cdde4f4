"""Pipelines newest first down to what is known; workflows until they are over, and when they run again."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.circleci.settings import CircleCISettings
from connectors.errors import CredentialsRejectedError, PermanentSourceError
from connectors.sandbox.circleci.state import Job
from tests.connectors.circleci.server import DAY, SLUG, TOKEN, SmallCircleCI, newest
from tests.connectors.workspace import landed, landed_records, open_store
from tests.replay.loopback import Request, Response

HOUR = 3600
READ = ("pipelines", "workflows", "jobs")


def test_pipelines_are_read_down_to_what_is_known(tmp_path: Path) -> None:
    circleci = SmallCircleCI()
    for hour in range(130):
        circleci.pipeline(at=circleci.at - HOUR * (130 - hour))
    with circleci.api.server, open_store(tmp_path) as store:
        assert circleci.extract(store, "pipelines")["pipelines"].requests == 7
        assert len(newest(store, "pipelines")) == 130
        circleci.wait(HOUR)
        circleci.pipeline()
        assert circleci.extract(store, "pipelines")["pipelines"].requests == 2
        assert len(newest(store, "pipelines")) == 131


def test_pipelines_that_start_while_the_list_is_read_push_nothing_out(tmp_path: Path) -> None:
    circleci = SmallCircleCI()
    for hour in range(60):
        circleci.pipeline(at=circleci.at - HOUR * (60 - hour))

    def start_another(request: Request) -> Response | None:
        if "/pipeline" in request.path:
            circleci.pipeline()
        return None

    circleci.api.spoil = start_another
    with circleci.api.server, open_store(tmp_path) as store:
        circleci.extract(store, "pipelines")
        circleci.wait(60)
        circleci.extract(store, "pipelines")
        numbers = {record["number"] for record in newest(store, "pipelines").values()}
        assert numbers >= set(range(1, 61 + 3))


def test_a_workflow_is_asked_about_until_it_is_over(tmp_path: Path) -> None:
    circleci = SmallCircleCI()
    pipeline = circleci.pipeline(at=circleci.at - 10 * DAY)
    workflow = circleci.workflow(pipeline, end=None)
    with circleci.api.server, open_store(tmp_path) as store:
        circleci.extract(store, *READ)
        assert newest(store, "workflows")[workflow.identifier]["status"] == "running"
        circleci.wait(HOUR)
        circleci.finish(workflow, "failed")
        reports = circleci.extract(store, *READ)
        assert newest(store, "workflows")[workflow.identifier]["status"] == "failed"
        assert newest(store, "jobs")[workflow.jobs[0].identifier]["status"] == "failed"
        assert (reports["workflows"].requests, reports["jobs"].requests) == (1, 1)
        reports = circleci.extract(store, *READ)
        assert (reports["workflows"].requests, reports["jobs"].requests) == (0, 0)


def test_a_workflow_that_waits_for_an_approval_is_not_forgotten(tmp_path: Path) -> None:
    circleci = SmallCircleCI()
    workflow = circleci.workflow(circleci.pipeline(), end=None)
    hold = Job("hold-1", "hold", None, circleci.at, None, "success")
    workflow.jobs.insert(0, hold)
    with circleci.api.server, open_store(tmp_path) as store:
        circleci.extract(store, *READ)
        assert newest(store, "workflows")[workflow.identifier]["status"] == "on_hold"
        circleci.wait(60 * DAY)
        hold.stopped_at = circleci.at
        circleci.finish(workflow)
        circleci.extract(store, *READ)
        assert newest(store, "workflows")[workflow.identifier]["status"] == "success"
        assert newest(store, "jobs")["hold-1"]["type"] == "approval"


def test_what_waits_longer_than_it_can_is_given_up(tmp_path: Path) -> None:
    circleci = SmallCircleCI()
    circleci.workflow(circleci.pipeline(), end=None)
    with circleci.api.server, open_store(tmp_path) as store:
        circleci.extract(store, *READ)
        circleci.wait(91 * DAY)
        assert circleci.extract(store, *READ)["workflows"].requests == 0


def test_a_workflow_that_is_run_again_is_found_for_some_days(tmp_path: Path) -> None:
    """Nothing tells of it: neither the pipeline nor the first workflow changes."""
    circleci = SmallCircleCI()
    pipeline = circleci.pipeline()
    circleci.workflow(pipeline, end="failed")
    with circleci.api.server, open_store(tmp_path) as store:
        circleci.extract(store, *READ)
        circleci.wait(2 * DAY)
        again = circleci.workflow(pipeline)
        circleci.extract(store, *READ)
        assert newest(store, "workflows")[again.identifier]["status"] == "success"
        assert again.jobs[0].identifier in newest(store, "jobs")
        circleci.wait(2 * DAY)
        assert circleci.extract(store, *READ)["workflows"].requests == 0
        assert circleci.extract(store, "workflows", rerun_days=5)["workflows"].requests == 1


@pytest.mark.parametrize(
    "status",
    ["success", "not_run", "failed", "error", "canceled", "unauthorized"],
)
def test_what_is_over_costs_nothing_more(tmp_path: Path, status: str) -> None:
    circleci = SmallCircleCI()
    circleci.workflow(circleci.pipeline(), end=status)
    with circleci.api.server, open_store(tmp_path) as store:
        circleci.extract(store, *READ)
        circleci.wait(4 * DAY)
        reports = circleci.extract(store, *READ)
        assert (reports["workflows"].requests, reports["jobs"].requests) == (0, 0)


@pytest.mark.parametrize("status", ["running", "failing", "on_hold"])
def test_what_is_not_over_is_asked_about(tmp_path: Path, status: str) -> None:
    circleci = SmallCircleCI()
    workflow = circleci.workflow(circleci.pipeline(), end=None)
    workflow.end = status
    with circleci.api.server, open_store(tmp_path) as store:
        circleci.extract(store, *READ)
        circleci.wait(30 * DAY)
        assert circleci.extract(store, *READ)["workflows"].requests == 1


def test_more_workflows_and_jobs_than_a_page_are_all_read(tmp_path: Path) -> None:
    circleci = SmallCircleCI()
    pipeline = circleci.pipeline()
    for _ in range(25):
        workflow = circleci.workflow(pipeline)
    for number in range(45):
        workflow.jobs.append(Job(f"job-{number}", "test", number, circleci.at, circleci.at, "success"))
    with circleci.api.server, open_store(tmp_path) as store:
        circleci.extract(store, *READ)
        assert len(newest(store, "workflows")) == 25
        assert len(newest(store, "jobs")) == 25 + 45


def test_one_project_that_is_gone_does_not_stop_the_others(tmp_path: Path) -> None:
    circleci = SmallCircleCI()
    circleci.workflow(circleci.pipeline())
    slugs = ("gh/acme/gone", SLUG)
    with circleci.api.server, open_store(tmp_path) as store:
        reports = circleci.extract(store, projects=slugs)
        (failure,) = reports["pipelines"].failures
        assert isinstance(failure.error, PermanentSourceError)
        assert (failure.scope, failure.error.status) == ("gh/acme/gone", 404)
        assert [row["scope"] for row in landed(store, "jobs")] == [SLUG]


def test_the_token_goes_into_a_header_and_nowhere_else(tmp_path: Path) -> None:
    circleci = SmallCircleCI()
    circleci.workflow(circleci.pipeline())
    with circleci.api.server, open_store(tmp_path) as store:
        circleci.extract(store)
        assert {request.headers["circle-token"] for request in circleci.api.server.requests} == {TOKEN}
        circleci.api.spoil = lambda _: Response(b'{"message":"You must log in first."}', 401)
        with pytest.raises(CredentialsRejectedError) as caught:
            circleci.extract(store, "pipelines")
        assert TOKEN not in str(caught.value)
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or TOKEN.encode() not in file.read_bytes()


def test_a_project_says_where_its_code_is(tmp_path: Path) -> None:
    circleci = SmallCircleCI()
    with circleci.api.server, open_store(tmp_path) as store:
        circleci.extract(store, "projects")
        (record,) = landed_records(store, "projects")
        assert (record["slug"], record["vcs_info"]["default_branch"]) == (SLUG, "main")


def test_settings_name_slugs_which_are_no_repositories() -> None:
    """A project of a GitHub App is `circleci/<id>/<id>`: no service is made of it, and no place expected."""
    given = {"name": "circleci", "kind": "circleci", "projects": ("gh/acme/shop", "circleci/8e4z1A/V29Cen")}
    settings = CircleCISettings.model_validate(given)
    assert settings.listed_repositories == ()
    assert settings.named_repositories == ("acme/shop",)
    for wrong in ((), ("acme/shop",)):
        with pytest.raises(ValidationError):
            CircleCISettings.model_validate({**given, "projects": wrong})
