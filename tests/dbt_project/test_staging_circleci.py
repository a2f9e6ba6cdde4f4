"""CircleCI from the wire to staging: pipelines with their commit, workflows and jobs as they stand."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.sandbox.circleci.api import CircleCIApi
from connectors.sandbox.organisation import simulate
from tests.connectors.circleci.server import DAY, TOKEN, open_source
from tests.connectors.workspace import FakeTime
from tests.dbt_project.warehouse import EvidenceBook, Warehouse
from tests.replay.vendor_api import VendorApi

SELECTED = ("path:models/staging/circleci",)


class Organisation:
    """A simulated organisation of which everything was read and staged, in two portions."""

    def __init__(self, folder: Path) -> None:
        company = simulate(seed=5, months=1, services=2)
        api = CircleCIApi(company.company, company.timeline, TOKEN)
        circleci = VendorApi(api, prefix="circleci")
        self.people = company.company.people
        self.fold = api.fold
        self.book = EvidenceBook(folder / "book", kinds={"circleci": "circleci"})
        self.warehouse = Warehouse(folder / "warehouse")
        end = company.parameters.ends_at
        with circleci.server:
            for at, command in ((end - 9 * DAY, "run"), (end - 1, "build")):
                api.move_to(at)
                time = FakeTime(now=datetime.fromtimestamp(at, UTC))
                source = open_source(
                    self.book.store, circleci.base_url, time, projects=tuple(self.fold.projects)
                )
                for stream in source.streams:
                    assert source.extract(stream.name, run_id=f"run-{at}").failures == ()
                self.warehouse.build(self.book.evidence(), command=command, select=SELECTED)


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Organisation:
    return Organisation(tmp_path_factory.mktemp("circleci"))


def test_every_record_is_a_row_and_nothing_is_lost(organisation: Organisation) -> None:
    workflows = [workflow for _, workflow in organisation.fold.workflows.values()]
    expected = {
        "projects": len(organisation.fold.projects),
        "pipelines": len(organisation.fold.pipelines),
        "workflows": len(workflows),
        "jobs": sum(len(workflow.jobs) for workflow in workflows),
    }
    for stream, count in expected.items():
        query = f"select count(*), coalesce(sum(cast_loss_count), 0) from staging.stg_circleci__{stream}"
        assert organisation.warehouse.rows(query) == [(count, 0)], stream
    assert expected["workflows"] > 0


def test_a_job_leads_to_its_commit_and_has_start_end_and_status(organisation: Organisation) -> None:
    fold = organisation.fold
    expected = {
        job.identifier: (pipeline.commit_sha, pipeline.branch, job.status(fold.at), job.started_at)
        for pipeline, workflow in fold.workflows.values()
        for job in workflow.jobs
        if job.started_at <= fold.at
    }
    found = organisation.warehouse.rows(
        "select jobs.job_id, commit_sha, branch, jobs.status, epoch(started_at)::bigint "
        "from staging.stg_circleci__jobs as jobs "
        "inner join staging.stg_circleci__workflows as workflows using (source, workflow_id) "
        "inner join staging.stg_circleci__pipelines as pipelines using (source, pipeline_id) "
        "where started_at is not null"
    )
    assert {row[0]: row[1:] for row in found} == expected


def test_people_are_tokens(organisation: Organisation) -> None:
    query = (
        "select count(*), count(actor_token) from staging.stg_circleci__pipelines union all "
        "select count(*), count(starter_token) from staging.stg_circleci__workflows"
    )
    for rows, named in organisation.warehouse.rows(query):
        assert rows == named
    content = Path(organisation.warehouse.file).read_bytes()
    for person in organisation.people:
        assert person.name.encode() not in content
