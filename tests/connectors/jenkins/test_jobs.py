"""Folders, multibranch projects and organisation folders nest: all their jobs are found."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.committer import split_cursor
from connectors.errors import CredentialsRejectedError, PermanentSourceError
from connectors.evidence import EvidenceStore
from connectors.jenkins.settings import JenkinsSettings
from connectors.jenkins.trees import LEVELS
from connectors.sandbox.jenkins.state import FREESTYLE
from tests.connectors.jenkins.server import SECRETS, SmallJenkins, open_source, read
from tests.connectors.workspace import landed, open_store, windows


def known(store: EvidenceStore, scope: str = "/") -> list[str]:
    settled, _ = split_cursor(store.cursor("jenkins", "jobs", scope))
    return sorted(settled["current"])


def test_one_request_finds_jobs_in_every_kind_of_folder(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    for job in (
        jenkins.job("nightly", kind=FREESTYLE),
        jenkins.branch("main"),
        jenkins.branch("feature%2Fx"),
        jenkins.job("delivery/production/shop"),
    ):
        jenkins.build(job)
    jenkins.job("delivery/never-built")
    with jenkins.api.server, open_store(tmp_path) as store:
        read(store, jenkins.api.base_url, "jobs")
        assert len(jenkins.api.asked()) == 1
        assert known(store) == [
            "acme/shop/feature%2Fx",
            "acme/shop/main",
            "delivery/production/shop",
            "nightly",
        ]


def test_folders_below_what_one_request_shows_are_asked_for_by_themselves(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    deep = "/".join(f"f{level}" for level in range(2 * LEVELS + 1))
    shallow = "/".join(f"f{level}" for level in range(LEVELS - 1)) + "/job"
    for name in (f"{deep}/job", shallow):
        jenkins.build(jenkins.job(name))
    with jenkins.api.server, open_store(tmp_path) as store:
        read(store, jenkins.api.base_url, "jobs")
        assert known(store) == sorted([f"{deep}/job", shallow])
        assert len(jenkins.api.asked()) == 3
        (window,) = windows(store, "jobs")
        assert len(window["page_indexes"]) == 3


def test_only_the_folders_and_jobs_of_the_settings_are_read(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    for name in ("acme/shop/main", "acme/pay/main", "nightly", "secret/payroll"):
        jenkins.build(jenkins.job(name))
    with jenkins.api.server, open_store(tmp_path) as store:
        reports = read(store, jenkins.api.base_url, jobs=["acme", "nightly"])
        assert known(store, "acme") == ["acme/pay/main", "acme/shop/main"]
        assert known(store, "nightly") == ["nightly"]
        assert reports["builds"].records == 3
        assert not any("payroll" in target for target in jenkins.api.asked())


def test_a_folder_that_is_gone_does_not_stop_the_others(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    jenkins.build(jenkins.job("acme/main"))
    with jenkins.api.server, open_store(tmp_path) as store:
        report = read(store, jenkins.api.base_url, "jobs", jobs=["acme", "renamed"])["jobs"]
        assert [failure.scope for failure in report.failures] == ["renamed"]
        assert known(store, "acme") == ["acme/main"]


def test_user_and_token_are_sent_as_basic_credentials(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    with jenkins.api.server, open_store(tmp_path) as store:
        assert all(each.is_ok for each in open_source(store, jenkins.api.base_url).check())
        read(store, jenkins.api.base_url, "jobs")
        assert b"11aa22bb" not in landed(store, "jobs")[0]["body"]


def test_rejected_credentials_stop_the_source(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    wrong = {**SECRETS, "ASSAY_JENKINS_TOKEN": "wrong"}
    with jenkins.api.server, open_store(tmp_path) as store:
        source = open_source(store, jenkins.api.base_url, secrets=wrong)
        assert [each.is_ok for each in source.check() if each.name != "clock"] == [False]
        with pytest.raises(CredentialsRejectedError):
            source.extract("jobs", run_id="run")


def test_without_credentials_only_what_everybody_may_see_is_read(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    with jenkins.api.server, open_store(tmp_path) as store:
        report = read(store, jenkins.api.base_url, "jobs", user_env=None, token_env=None)["jobs"]
        (failure,) = report.failures
        assert "403" in str(failure.error)
        assert "authorization" not in jenkins.api.server.requests[-1].headers


def test_builds_wait_for_jobs(tmp_path: Path) -> None:
    jenkins = SmallJenkins()
    with (
        jenkins.api.server,
        open_store(tmp_path) as store,
        pytest.raises(PermanentSourceError, match="Extract jobs first"),
    ):
        read(store, jenkins.api.base_url, "builds")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"jobs": ["acme", "acme/shop"]}, "acme/shop is read with acme already"),
        ({"jobs": ["acme", "acme"]}, "acme is read with acme already"),
        ({"user_env": None}, "belong together"),
        ({"jobs": ["/acme"]}, "String should match"),
        ({"concurrency": 17}, "more than the 16"),
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object], message: str) -> None:
    given = {"name": "jenkins", "kind": "jenkins", "base_url": "https://ci.acme.example", **wrong}
    with pytest.raises(ValidationError, match=message):
        JenkinsSettings.model_validate(given)
