"""Jenkins from the wire to staging: jobs out of their folders, builds with their own commit, stages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.sandbox.jenkins.documents import LIBRARY, library_commit
from connectors.sandbox.jenkins.state import FREESTYLE, MULTIBRANCH, ORGANISATION
from tests.connectors.jenkins.recorded import RecordedJenkins
from tests.connectors.jenkins.server import SHA, START, SmallJenkins, finish, read
from tests.connectors.workspace import landed
from tests.dbt_project.warehouse import EvidenceBook, Warehouse
from tests.replay.vendor_api import VendorApi

SELECTED = ("path:models/staging/jenkins",)
KINDS = {"jenkins": "jenkins"}
STARTED = datetime.fromtimestamp(START, UTC)


class Staged:
    """A small Jenkins, read into a store of its own and staged."""

    def __init__(self, folder: Path) -> None:
        self.jenkins = SmallJenkins()
        self.book = EvidenceBook(folder / "book", kinds=KINDS)
        self.warehouse = Warehouse(folder / "warehouse")

    def stage(self, command: str = "run") -> Warehouse:
        """Read what is new and build the models."""
        for report in read(self.book.store, self.jenkins.api.base_url).values():
            assert report.failures == ()
        self.warehouse.build(self.book.evidence(), command=command, select=SELECTED)
        return self.warehouse


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[Staged]:
    made = Staged(tmp_path)
    with made.jenkins.api.server:
        yield made


def test_items_are_taken_out_of_folders_of_any_depth(staged: Staged) -> None:
    jenkins, deep = staged.jenkins, "f0/f1/f2/f3/f4/f5/f6/job"
    jenkins.build(jenkins.branch("feature%2Fx"))
    jenkins.build(jenkins.job(deep))
    jenkins.build(jenkins.job("nightly", kind=FREESTYLE))
    warehouse = staged.stage("build")
    found = warehouse.rows(
        "select job_full_name, folder_full_name, item_class, is_folder, last_build_number, repositories "
        "from staging.stg_jenkins__jobs where job_full_name not like 'f%' order by 1"
    )
    pipeline = "org.jenkinsci.plugins.workflow.job.WorkflowJob"
    assert found == [
        ("acme", None, ORGANISATION, True, None, []),
        ("acme/shop", "acme", MULTIBRANCH, True, None, []),
        ("acme/shop/feature%2Fx", "acme/shop", pipeline, False, 1, []),
        ("nightly", None, FREESTYLE, False, 1, ["github.example/acme/shop"]),
    ]
    deepest = f"select item_class, json_path from staging.stg_jenkins__jobs where job_full_name = '{deep}'"
    assert warehouse.rows(deepest) == [(pipeline, "$.jobs[0].jobs[0].jobs[0]")]
    ((folders,),) = warehouse.rows(
        "select count(*) from staging.stg_jenkins__jobs where job_full_name like 'f_%'"
    )
    assert folders == 8


def test_a_removed_job_leaves_and_its_builds_stay(staged: Staged) -> None:
    jenkins = staged.jenkins
    for name in ("main", "gone"):
        jenkins.build(jenkins.branch(name))
    staged.stage()
    del jenkins.state.root.items["acme"].items["shop"].items["gone"]
    warehouse = staged.stage()
    jobs = "select job_full_name from staging.stg_jenkins__jobs where not is_folder"
    assert warehouse.rows(jobs) == [("acme/shop/main",)]
    builds = "select job_full_name from staging.stg_jenkins__builds order by 1"
    assert warehouse.rows(builds) == [("acme/shop/gone",), ("acme/shop/main",)]


def test_a_build_ends_when_it_no_longer_builds(staged: Staged) -> None:
    jenkins = staged.jenkins
    job = jenkins.branch("main")
    build = jenkins.build(job, result=None, at=START)
    query = "select started_at, finished_at, status, is_building from staging.stg_jenkins__builds"
    started_at = STARTED + timedelta(milliseconds=217)
    assert staged.stage().rows(query) == [(started_at, None, None, True)]
    finish(build, "ABORTED")
    ended = (started_at, started_at + timedelta(minutes=5), "ABORTED", False)
    assert staged.stage().rows(query) == [ended]


def test_the_commit_is_the_jobs_own_and_not_that_of_a_shared_library(staged: Staged) -> None:
    jenkins = staged.jenkins
    branch = jenkins.build(jenkins.branch("main"))
    jenkins.build(jenkins.job("delivery/old", kind=FREESTYLE))
    unclear = jenkins.build(jenkins.job("delivery/something"))
    rows = staged.stage().rows(
        "select job_full_name, commit_sha, branch_name, repository, revision_commit_shas, "
        "revision_repositories from staging.stg_jenkins__builds order by 1"
    )
    own, library = "github.example/acme/shop", LIBRARY.removeprefix("https://").removesuffix(".git")
    assert rows == [
        ("acme/shop/main", SHA, "main", own, [library_commit(branch), SHA], [library, own]),
        ("delivery/old", SHA, "main", own, [SHA], [own]),
        ("delivery/something", None, None, None, [library_commit(unclear), SHA], [library, own]),
    ]


def test_a_job_made_anew_overwrites_nothing(staged: Staged) -> None:
    jenkins = staged.jenkins
    jenkins.builds(jenkins.branch("main"), 3)
    staged.stage()
    del jenkins.state.root.items["acme"].items["shop"].items["main"]
    jenkins.build(jenkins.branch("main"), result="FAILURE", at=START + 86_400)
    rows = staged.stage().rows(
        "select build_number, status from staging.stg_jenkins__builds order by started_at"
    )
    assert rows == [(1, "SUCCESS"), (2, "SUCCESS"), (3, "SUCCESS"), (1, "FAILURE")]


def test_addresses_of_one_repository_are_alike_and_hold_no_password(staged: Staged) -> None:
    remotes = {
        "https://github.com/Acme/Shop.git": "github.com/acme/shop",
        "https://user:pa@ss@github.com/acme/shop": "github.com/acme/shop",
        "git@github.com:acme/shop.git": "github.com/acme/shop",
        "ssh://git@github.com:22/acme/shop.git/": "github.com/acme/shop",
        "/srv/git/shop.git": "/srv/git/shop",
    }
    values = ", ".join(f"('{url}')" for url in remotes)
    staged.stage()
    query = f"select url, {{{{ git_remote('url') }}}} from (values {values}) as given(url)"
    (compiled,) = staged.warehouse.dbt("compile", "--inline", query)
    assert dict(staged.warehouse.rows(compiled.node.compiled_code)) == remotes


def test_recorded_replies_arrive_whole_and_without_people(payloads: Path, tmp_path: Path) -> None:
    recorded = RecordedJenkins(payloads / "devlake" / "jenkins")
    api, book = VendorApi(recorded, prefix="jenkins"), EvidenceBook(tmp_path / "book", kinds=KINDS)
    with api.server:
        reports = read(book.store, api.base_url)
    assert not any(report.failures for report in reports.values())
    warehouse = Warehouse(tmp_path / "warehouse")
    warehouse.build(book.evidence(), command="build", select=SELECTED)
    builds = {
        (name, build["number"], build["result"]) for name, found in recorded.builds.items() for build in found
    }
    query = "select job_full_name, build_number, status from staging.stg_jenkins__builds"
    assert set(warehouse.rows(query)) == builds
    assert len(builds) == 14 + 15
    ((losses, unfinished),) = warehouse.rows(
        "select sum(cast_loss_count), count(*) filter (finished_at is null) from staging.stg_jenkins__builds"
    )
    still = [build for found in recorded.builds.values() for build in found if build["building"]]
    assert (losses, unfinished) == (0, len(still))
    commits = "select count(*) from staging.stg_jenkins__builds where commit_sha is not null"
    assert warehouse.rows(commits) == [(3 + 13,)]
    staged = (
        "select job_full_name, build_number::varchar, count(*) from staging.stg_jenkins__stages group by all"
    )
    ended = {(name, str(number)) for name, number, _ in builds}
    expected = {
        (*key, len({stage["id"] for stage in found}))
        for key, found in recorded.stages.items()
        if key in ended
    }
    assert set(warehouse.rows(staged)) == {each for each in expected if each[2]}
    bodies = b"".join(row["body"] for name in ("jobs", "builds") for row in landed(book.store, name))
    assert b"merico" not in bodies.replace(b"merico-dev", b"")
