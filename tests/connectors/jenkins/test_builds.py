"""Builds are read newest first down to what is known: nothing is missed, and little is read twice."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.errors import TransientSourceError
from connectors.evidence import EvidenceStore
from connectors.http.pagers import parameter_of
from connectors.jenkins.trees import range_of
from connectors.sandbox.jenkins.documents import SECRET_PARAMETER
from connectors.sandbox.jenkins.state import FREESTYLE, Item
from tests.connectors.jenkins.server import START, SmallJenkins, finish, read
from tests.connectors.workspace import landed, open_store, windows
from tests.replay.loopback import Request, Response


def numbers(store: EvidenceStore, job: str) -> list[int]:
    """Every build of a job that evidence holds."""
    return sorted(held(store, job))


def held(store: EvidenceStore, job: str) -> dict[int, dict[str, Any]]:
    """The newest version of each build of a job."""
    found: dict[int, dict[str, Any]] = {}
    for row in landed(store, "builds"):
        if row["scope"] == job:
            page = msgspec.json.decode(row["body"])["allBuilds"]
            found |= {build["number"]: build for build in page}
    return found


def ranges(jenkins: SmallJenkins) -> list[tuple[int, int]]:
    """The ranges of builds that were asked for since the last call."""
    asked = [range_of(target) for target in jenkins.api.server.targets() if "allBuilds" in target]
    jenkins.api.asked()
    return asked


def test_more_builds_than_jenkins_lists_by_itself_are_all_read(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    jenkins.builds(jenkins.branch("main"), 250)
    with jenkins.api.server, open_store(tmp_path) as store:
        report = read(store, jenkins.api.base_url, "jobs", "builds")["builds"]
        assert numbers(store, "acme/shop/main") == list(range(1, 251))
        assert report.requests == 3
        assert ranges(jenkins) == [(0, 100), (99, 199), (198, 298)]


def test_a_job_without_news_is_not_asked_again(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    quiet, busy = jenkins.branch("quiet"), jenkins.branch("busy")
    jenkins.builds(quiet, 3)
    jenkins.builds(busy, 150)
    with jenkins.api.server, open_store(tmp_path) as store:
        read(store, jenkins.api.base_url, "jobs", "builds")
        jenkins.builds(busy, 2)
        jenkins.api.asked()
        reports = read(store, jenkins.api.base_url, "jobs", "builds")
        assert (reports["jobs"].requests, reports["builds"].requests) == (1, 1)
        assert ranges(jenkins) == [(0, 3)]
        assert numbers(store, "acme/shop/busy") == list(range(1, 153))
        assert read(store, jenkins.api.base_url, "jobs", "builds")["builds"].requests == 0


def test_running_builds_are_read_again_until_they_have_ended(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    job = jenkins.branch("main")
    first = jenkins.build(job, result=None)
    jenkins.build(job)
    with jenkins.api.server, open_store(tmp_path) as store:
        read(store, jenkins.api.base_url, "jobs", "builds")
        running = held(store, "acme/shop/main")[1]
        assert (running["building"], running["result"], running["duration"]) == (True, None, 0)
        finish(first, "UNSTABLE")
        assert read(store, jenkins.api.base_url, "jobs", "builds")["builds"].requests == 1
        ended = held(store, "acme/shop/main")[1]
        assert (ended["building"], ended["result"], ended["duration"]) == (False, "UNSTABLE", 300_000)
        assert read(store, jenkins.api.base_url, "jobs", "builds")["builds"].requests == 0


def test_a_build_that_has_its_result_but_still_builds_is_read_again(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    jenkins.build(jenkins.branch("main"))

    def still_building(request: Request) -> Response | None:
        if "allBuilds" not in request.target:
            return None
        build = {"number": 1, "timestamp": START * 1000, "building": True, "result": "SUCCESS", "duration": 0}
        return Response(msgspec.json.encode({"allBuilds": [build]}))

    jenkins.api.spoil = still_building
    with jenkins.api.server, open_store(tmp_path) as store:
        read(store, jenkins.api.base_url, "jobs", "builds")
        jenkins.api.spoil = lambda _: None
        assert read(store, jenkins.api.base_url, "jobs", "builds")["builds"].requests == 1


def test_builds_that_retention_deletes_stay_in_evidence_and_are_not_looked_for(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    job = jenkins.branch("main")
    running = jenkins.build(job, result=None)
    jenkins.builds(job, 20)
    with jenkins.api.server, open_store(tmp_path) as store:
        read(store, jenkins.api.base_url, "jobs", "builds")
        del job.builds[:15]
        jenkins.build(job)
        assert running not in job.builds
        read(store, jenkins.api.base_url, "jobs", "builds")
        assert numbers(store, "acme/shop/main") == list(range(1, 23))
        assert read(store, jenkins.api.base_url, "jobs", "builds")["builds"].requests == 0


def test_a_job_that_was_made_anew_is_read_from_its_first_build(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    old = jenkins.branch("main")
    jenkins.builds(old, 5)
    with jenkins.api.server, open_store(tmp_path) as store:
        read(store, jenkins.api.base_url, "jobs", "builds")
        for count in (3, 8):
            again = made_anew(jenkins, old)
            jenkins.builds(again, count)
            for build in again.builds:
                build.started_at += count * 86_400
            read(store, jenkins.api.base_url, "jobs", "builds")
            known = {number: each["timestamp"] for number, each in held(store, again.full_name).items()}
            assert {build.number: build.started_at * 1000 + 217 for build in again.builds} == {
                number: known[number] for number in range(1, count + 1)
            }


def made_anew(jenkins: SmallJenkins, job: Item) -> Item:
    del jenkins.state.root.items["acme"].items["shop"].items[job.name]
    return jenkins.branch(job.name)


def test_a_job_that_is_gone_does_not_stop_the_others(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    for name in ("a", "b", "c"):
        jenkins.build(jenkins.branch(name))
    with jenkins.api.server, open_store(tmp_path) as store:
        read(store, jenkins.api.base_url, "jobs")
        project = jenkins.state.root.items["acme"].items["shop"].items
        project["renamed"] = project.pop("b")
        report = read(store, jenkins.api.base_url, "builds")["builds"]
        assert [failure.scope for failure in report.failures] == ["acme/shop/b"]
        assert [row["scope"] for row in landed(store, "builds")] == ["acme/shop/a", "acme/shop/c"]


def test_the_name_of_a_branch_with_a_slash_is_encoded_twice(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    jenkins.build(jenkins.branch("feature%2Fx"))
    with jenkins.api.server, open_store(tmp_path) as store:
        report = read(store, jenkins.api.base_url)["stages"]
        assert report.failures == ()
        paths = {request.target.partition("?")[0] for request in jenkins.api.server.requests}
        assert "/jenkins/job/acme/job/shop/job/feature%252Fx/api/json" in paths
        assert "/jenkins/job/acme/job/shop/job/feature%252Fx/1/wfapi/describe" in paths
        assert numbers(store, "acme/shop/feature%2Fx") == [1]


def test_builds_deleted_while_they_are_listed_are_noticed(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    job = jenkins.branch("main")
    jenkins.builds(job, 150)

    def delete_new_ones(request: Request) -> Response | None:
        if range_of(request.target)[0] == 99 and len(job.builds) == 150:
            del job.builds[-5:]
        return None

    jenkins.api.spoil = delete_new_ones
    with jenkins.api.server, open_store(tmp_path) as store:
        read(store, jenkins.api.base_url, "jobs")
        with pytest.raises(TransientSourceError, match="deleted while they were listed"):
            read(store, jenkins.api.base_url, "builds")
        assert windows(store, "builds") == []
        read(store, jenkins.api.base_url, "builds")
        assert numbers(store, "acme/shop/main") == list(range(1, 151))


def test_nothing_older_than_the_settings_ask_for_is_paged_through(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    job = jenkins.branch("main")
    for day in range(250):
        jenkins.build(job, at=START + 86_400 * day)
    with jenkins.api.server, open_store(tmp_path) as store:
        recent = {"since": "2027-05-10"}  # day 230 or so
        assert read(store, jenkins.api.base_url, "jobs", "builds", **recent)["builds"].requests == 1
        assert read(store, jenkins.api.base_url, "builds", **recent)["builds"].requests == 0
        assert read(store, jenkins.api.base_url, "builds")["builds"].requests == 3
        assert numbers(store, "acme/shop/main") == list(range(1, 251))


def test_neither_parameters_nor_people_are_asked_for(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    deploying = jenkins.build(jenkins.job("delivery/shop"))
    deploying.is_triggered_by_hand = True
    jenkins.build(jenkins.job("delivery/old", kind=FREESTYLE))
    with jenkins.api.server, open_store(tmp_path) as store:
        read(store, jenkins.api.base_url)
        trees = {parameter_of(target, "tree") or "" for target in jenkins.api.server.targets()}
        bodies = b"".join(
            row["body"] for stream in ("jobs", "builds", "stages") for row in landed(store, stream)
        )
        for private in ("parameters", "culprits", "author", "userId", "shortDescription"):
            assert not any(private in tree for tree in trees), private
        assert SECRET_PARAMETER.encode() not in bodies
        assert b"eve" not in bodies


def test_stages_are_asked_for_once_for_each_pipeline_build_that_has_ended(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    pipeline, freestyle = jenkins.branch("main"), jenkins.job("nightly", kind=FREESTYLE)
    jenkins.builds(pipeline, 2)
    running = jenkins.build(pipeline, result=None)
    jenkins.builds(freestyle, 4)
    with jenkins.api.server, open_store(tmp_path) as store:
        assert read(store, jenkins.api.base_url)["stages"].requests == 2
        finish(running)
        assert read(store, jenkins.api.base_url)["stages"].requests == 1
        assert read(store, jenkins.api.base_url)["stages"].requests == 0
        assert [row["parent_key"] for row in landed(store, "stages")] == ["1", "2", "3"]


def test_a_server_without_the_stage_view_has_no_stages(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    jenkins.builds(jenkins.branch("main"), 3)
    jenkins.api.spoil = lambda request: Response(b"<html>", 404) if "wfapi" in request.target else None
    with jenkins.api.server, open_store(tmp_path) as store:
        report = read(store, jenkins.api.base_url)["stages"]
        assert (report.requests, report.records, report.failures) == (3, 0, ())
        assert read(store, jenkins.api.base_url)["stages"].requests == 0
