from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.errors import CredentialsRejectedError, PermanentSourceError
from connectors.github.config import GitHubConfig
from connectors.github.source import GitHubSource, github_streams
from connectors.streams import Mode
from tests.connectors.github.small_github import SmallGitHub, pull
from tests.connectors.workspace import FakeTime, landed, open_store, windows
from tests.replay.lists import Record
from tests.replay.loopback import Request, Response

WHOLE_ORGANISATION: dict[str, Any] = {"organisation": "acme", "repositories": ()}


def acme(*repositories: str) -> SmallGitHub:
    github = SmallGitHub()
    github.lists["/orgs/acme/repos"] = [
        Record.of({"id": at, "full_name": f"acme/{name}"}) for at, name in enumerate(repositories)
    ]
    for name in repositories:
        github.put("pulls", pull(1, updated=1), repository=f"acme/{name}")
        github.put("tags", {"name": "v1"}, repository=f"acme/{name}")
    return github


def test_all_repositories_of_an_organisation_are_read_in_one_order(tmp_path: Path) -> None:
    github = acme("shop", "api", "web")
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "repositories", **WHOLE_ORGANISATION)
        assert [row["scope"] for row in landed(store, "repositories")] == ["acme"]
        github.extract(store, "tags", **WHOLE_ORGANISATION)
        assert [row["scope"] for row in landed(store, "tags")] == ["acme/api", "acme/shop", "acme/web"]


def test_a_repository_that_left_the_organisation_is_not_asked_for_any_more(tmp_path: Path) -> None:
    github = acme("shop", "api")
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "repositories", **WHOLE_ORGANISATION)
        github.lists["/orgs/acme/repos"].pop()
        github.extract(store, "repositories", **WHOLE_ORGANISATION)
        github.asked()
        github.extract(store, "tags", **WHOLE_ORGANISATION)
        assert github.asked() == ["/repos/acme/shop/tags?per_page=100"]


def test_an_unchanged_list_of_repositories_still_names_them(tmp_path: Path) -> None:
    github = acme("shop", "api")
    with github.server, open_store(tmp_path) as store:
        for _ in range(2):
            report = github.extract(store, "repositories", **WHOLE_ORGANISATION)
        assert report.not_modified == 1
        assert github.extract(store, "tags", **WHOLE_ORGANISATION).requests == 2


def rename(github: SmallGitHub, at: int, name: str) -> None:
    github.lists["/orgs/acme/repos"][at] = Record.of({"id": at, "full_name": f"acme/{name}"})


def test_a_renamed_repository_goes_on_under_the_name_that_it_was_first_read_by(tmp_path: Path) -> None:
    github = acme("shop", "api")
    with github.server, open_store(tmp_path) as store:
        for name in ("store", "market"):
            for stream in ("repositories", "tags"):
                github.extract(store, stream, **WHOLE_ORGANISATION)
            rename(github, 0, name)
        github.extract(store, "repositories", **WHOLE_ORGANISATION)
        github.asked()
        report = github.extract(store, "tags", **WHOLE_ORGANISATION)
        assert github.asked() == ["/repos/acme/api/tags?per_page=100", "/repos/acme/shop/tags?per_page=100"]
        assert report.not_modified == 2, "nothing is read a second time"


def test_a_name_that_another_repository_took_over_is_that_ones(tmp_path: Path) -> None:
    github = acme("shop")
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "repositories", **WHOLE_ORGANISATION)
        rename(github, 0, "store")
        github.lists["/orgs/acme/repos"].append(Record.of({"id": 1, "full_name": "acme/shop"}))
        github.put("tags", {"name": "v1"}, repository="acme/store")
        for _ in range(2):
            github.extract(store, "repositories", **WHOLE_ORGANISATION)
        github.asked()
        github.extract(store, "tags", **WHOLE_ORGANISATION)
        assert github.asked() == ["/repos/acme/shop/tags?per_page=100", "/repos/acme/store/tags?per_page=100"]


def test_streams_that_go_through_repositories_wait_for_them(tmp_path: Path) -> None:
    github = acme("shop")
    unread = pytest.raises(PermanentSourceError, match="Extract repositories first")
    with github.server, open_store(tmp_path) as store, unread:
        github.extract(store, "tags", **WHOLE_ORGANISATION)


def test_listed_repositories_are_read_one_by_one(tmp_path: Path) -> None:
    github = SmallGitHub()
    github.documents["/repos/acme/shop"] = msgspec.json.encode({"id": 7, "full_name": "acme/shop"})
    with github.server, open_store(tmp_path) as store:
        report = github.extract(store, "repositories")
        (row,) = landed(store, "repositories")
        assert (row["scope"], row["record_count"], report.records) == ("acme/shop", 1, 1)
        assert github.extract(store, "repositories").not_modified == 1


def test_members_are_listed_for_every_team_there_is_now(tmp_path: Path) -> None:
    github = acme()
    github.lists["/orgs/acme/teams"] = [
        Record.of({"id": 1, "slug": "pay"}),
        Record.of({"id": 2, "slug": "ops"}),
    ]
    for slug in ("pay", "ops"):
        github.lists[f"/orgs/acme/teams/{slug}/members"] = [Record.of({"id": 5, "login": "ada"})]
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "teams", **WHOLE_ORGANISATION)
        github.extract(store, "team_members", **WHOLE_ORGANISATION)
        assert [window["parent_key"] for window in windows(store, "team_members")] == ["ops", "pay"]
        again = github.extract(store, "team_members", **WHOLE_ORGANISATION)
        assert (again.requests, again.not_modified) == (2, 2)
        github.lists["/orgs/acme/teams"].pop()
        github.extract(store, "teams", **WHOLE_ORGANISATION)
        assert github.extract(store, "team_members", **WHOLE_ORGANISATION).requests == 1


def test_without_an_organisation_there_are_no_teams_to_read(tmp_path: Path) -> None:
    github = SmallGitHub()
    with github.server, open_store(tmp_path) as store:
        for stream in ("teams", "team_members", "members"):
            assert github.extract(store, stream).requests == 0


@pytest.mark.parametrize("status", [403, 404, 409, 451])
def test_one_bad_repository_does_not_stop_the_rest(tmp_path: Path, status: int) -> None:
    github = acme("api", "bad", "shop")

    def refuse(request: Request) -> Response | None:
        return Response(b'{"message":"no"}', status) if "/bad/" in request.path else None

    github.fault = refuse
    names = ("acme/api", "acme/bad", "acme/shop")
    with github.server, open_store(tmp_path) as store:
        report = github.extract(store, "pull_requests", repositories=names)
        (failure,) = report.failures
        assert failure.scope == "acme/bad"
        assert isinstance(failure.error, PermanentSourceError)
        assert (failure.error.status, failure.is_transient) == (status, False)
        assert [row["scope"] for row in landed(store, "pull_requests")] == ["acme/api", "acme/shop"]
        github.fault = lambda _: None
        assert github.extract(store, "pull_requests", repositories=names).failures == ()


def test_a_rejected_token_stops_the_stream(tmp_path: Path) -> None:
    github = acme("api", "shop")
    github.fault = lambda _: Response(b'{"message":"Bad credentials"}', 401)
    rejected = pytest.raises(CredentialsRejectedError)
    with github.server, open_store(tmp_path) as store, rejected:
        github.extract(store, "pull_requests", repositories=("acme/api", "acme/shop"))


def test_every_stream_stands_after_its_parent_and_parents_are_added() -> None:
    config = GitHubConfig(name="github", organisation="acme", streams=("timeline", "workflow_jobs"))
    names = [stream.name for stream in github_streams(config)]
    assert names == ["repositories", "issues", "timeline", "workflow_runs", "workflow_jobs"]


def test_streams_nobody_knows_are_named() -> None:
    config = GitHubConfig(name="github", organisation="acme", streams=("reviewz",))
    with pytest.raises(PermanentSourceError, match="reviewz"):
        github_streams(config)


def test_declarations_say_what_records_are_and_whom_they_name(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        config = GitHubConfig(name="github", organisation="acme")
        source = GitHubSource(config, store=store, runtime=FakeTime().runtime())
    for stream in source.streams:
        assert stream.title
        assert stream.description.endswith(".")
        assert stream.keys
        assert stream.documentation.startswith("https://docs.github.com/en/rest/")
        assert all(path.startswith("$") for path in (*stream.account_paths, *stream.identity_paths))
    assert {stream.name for stream in source.streams if stream.mode is Mode.APPEND} == {"commits"}
    assert len(source.streams) == 17
