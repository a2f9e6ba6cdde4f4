"""Reviews, commits and timelines by GraphQL: what REST gives, for a fraction of the requests."""

import gzip
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from graphql import build_schema, parse, validate

from connectors.evidence import EvidenceStore
from connectors.github.config import GitHubConfig
from connectors.github.graphql.agreement import disagreements
from connectors.github.graphql.derivation import derived
from connectors.github.graphql.query import QUERY
from connectors.github.source import GitHubSource
from connectors.http.retries import RetryPolicy
from connectors.sandbox import serve, simulate
from connectors.sandbox.parameters import ORGANISATION
from tests.connectors.workspace import FakeTime, landed, open_store, windows
from tests.replay.loopback import Request, Response
from tests.replay.recording_proxy import RecordingProxy

TOKEN = "ghp_planted"
CHILDREN = ("reviews", "pull_request_commits", "timeline")
UNREAD = {"line-commented", "subscribed", "mentioned", "deployed", "renamed", "commit-commented"}


@pytest.fixture(scope="module")
def served() -> Iterator[Any]:
    organisation = simulate(services=3, months=2)
    at = datetime(2026, 6, 1, tzinfo=UTC)
    with serve(organisation, token=TOKEN, at=at) as server, RecordingProxy(server.base_url) as proxy:
        yield organisation, server, proxy


def source(proxy: RecordingProxy, store: EvidenceStore, **changes: Any) -> GitHubSource:
    settings = {"organisation": ORGANISATION, "is_by_graphql": True, "token": TOKEN} | changes
    config = GitHubConfig(name="github", base_url=proxy.base_url, **settings)
    policy = RetryPolicy(max_attempts=2)
    return GitHubSource(config, store=store, runtime=FakeTime().runtime(), policy=policy)


def extract(read: GitHubSource) -> dict[str, int]:
    """Requests by stream."""
    requests = {}
    for stream in read.streams:
        if stream.name in ("repositories", "pull_requests", "issues", "item_details", *CHILDREN):
            report = read.extract(stream.name, run_id="run")
            assert report.failures == ()
            requests[stream.name] = report.requests
    return requests


def current(store: EvidenceStore, stream: str) -> dict[tuple[str, str], list[Any]]:
    """The records of each parent as its newest window has them."""
    bodies = {row["log_index"]: row["body"] for row in landed(store, stream)}
    found = {}
    for window in windows(store, stream):
        records = [each for index in window["page_indexes"] for each in msgspec.json.decode(bodies[index])]
        found[window["scope"], window["parent_key"]] = records
    return found


def said(stream: str, record: dict[str, Any]) -> Any:
    """What staging reads of a record."""

    def account(value: Any) -> Any:
        return (value["id"], value["login"], value["type"]) if value else None

    match stream:
        case "reviews":
            names = ("id", "state", "submitted_at", "commit_id")
            return [*(record[name] for name in names), account(record["user"])]
        case "pull_request_commits":
            commit = record["commit"]
            people = (
                commit[who][field] for who in ("author", "committer") for field in ("name", "email", "date")
            )
            parents = [parent["sha"] for parent in record["parents"]]
            return [record["sha"], commit["message"], *people, parents, account(record["author"])]
    issue = (record.get("source") or {}).get("issue") or {}
    return [
        record["event"],
        record.get("created_at") or record.get("submitted_at"),
        account(record.get("actor") or record.get("user")),
        record.get("commit_id") or record.get("sha"),
        (record.get("label") or {}).get("name"),
        issue.get("number"),
    ]


def test_both_ways_say_the_same_and_graphql_costs_a_fraction(tmp_path: Path, served: Any) -> None:
    _, _, proxy = served
    with open_store(tmp_path / "rest") as rest, open_store(tmp_path / "graphql") as graphql:
        by_rest = extract(source(proxy, rest, is_by_graphql=False))
        by_graphql = extract(source(proxy, graphql))
        for stream in CHILDREN:
            expected, found = current(rest, stream), current(graphql, stream)
            assert expected.keys() == found.keys()
            assert any(expected.values())
            for parent, records in expected.items():
                wanted = [said(stream, each) for each in records if each.get("event") not in UNREAD]
                assert [said(stream, each) for each in found[parent]] == wanted, (stream, parent)
    saved = sum(by_rest[stream] for stream in CHILDREN)
    spent = by_graphql["item_details"] + sum(by_graphql[stream] for stream in CHILDREN)
    assert sum(by_graphql[stream] for stream in CHILDREN) == 0
    assert saved > 15 * spent


def test_only_what_has_changed_is_asked_for_again(tmp_path: Path, served: Any) -> None:
    _, server, proxy = served
    with open_store(tmp_path) as store:
        extract(source(proxy, store))
        assert extract(source(proxy, store))["item_details"] == 0
        before = {stream: len(landed(store, stream)) for stream in CHILDREN}
        server.move_to(datetime(2026, 6, 8, tzinfo=UTC))
        again = extract(source(proxy, store))
        assert 0 < again["item_details"] < 10
        assert all(len(landed(store, stream)) > before[stream] for stream in CHILDREN)


def failing(proxy: RecordingProxy, answer: Callable[[dict[str, Any]], Response | None]) -> list[int]:
    """Let some queries fail; the sizes of all that were asked."""
    sizes: list[int] = []
    plain = proxy._answer

    def spoilt(request: Request) -> Response:
        if request.path.endswith("/graphql"):
            asked = json.loads(request.body)
            sizes.append(len(asked["variables"]["ids"]))
            response = answer(asked)
            if response is not None:
                return response
        return plain(request)

    proxy._server.handler = spoilt
    return sizes


@pytest.fixture
def sound(served: Any) -> Iterator[Any]:
    """The server, its answers whole again afterwards."""
    yield served
    served[2]._server.handler = served[2]._answer


def test_a_query_that_takes_too_long_is_halved(tmp_path: Path, sound: Any) -> None:
    _, _, proxy = sound
    sizes = failing(proxy, lambda asked: Response(status=502) if len(asked["variables"]["ids"]) > 4 else None)
    with open_store(tmp_path) as store:
        requests = extract(source(proxy, store))
        assert max(sizes) > 4
        assert requests["reviews"] == 0
        assert sum(size for size in sizes if size <= 4) == len(current(store, "timeline"))


def test_where_graphql_is_out_rest_reads_everything(tmp_path: Path, sound: Any) -> None:
    _, _, proxy = sound
    sizes = failing(proxy, lambda _: Response(status=502))
    with open_store(tmp_path) as store:
        requests = extract(source(proxy, store))
        assert len(sizes) < 30
        assert requests["reviews"] >= len(current(store, "reviews")) > 0
        assert requests["timeline"] >= len(current(store, "timeline")) > 0


def test_a_node_that_is_missing_or_partial_never_counts_and_is_left_to_rest(
    tmp_path: Path, sound: Any
) -> None:
    _, _, proxy = sound
    hidden: list[str] = []

    def hide(asked: dict[str, Any]) -> Response | None:
        ids = asked["variables"]["ids"]
        hidden.extend(ids[:1] if not hidden else [])
        if hidden[0] in ids:
            nodes = [None if each == hidden[0] else {"id": each, "number": 1} for each in ids]
            errors = [{"type": "NOT_FOUND", "message": "Could not resolve to a node."}]
            return Response(json.dumps({"data": {"nodes": nodes}, "errors": errors}).encode())
        return None

    failing(proxy, hide)
    with open_store(tmp_path) as store:
        requests = extract(source(proxy, store))
        assert requests["timeline"] == 1
        bodies = b"".join(page["body"] for page in landed(store, "item_details"))
        assert hidden[0].encode() not in bodies


def test_a_limit_that_comes_with_status_200_is_waited_for(tmp_path: Path, sound: Any) -> None:
    _, _, proxy = sound
    limits = [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]

    def limited(_: dict[str, Any]) -> Response | None:
        return Response(json.dumps({"errors": [limits.pop()]}).encode()) if limits else None

    sizes = failing(proxy, limited)
    with open_store(tmp_path) as store:
        requests = extract(source(proxy, store))
    assert len(sizes) > len(set(sizes))
    assert requests["reviews"] == 0


def test_a_node_with_more_children_than_a_page_holds_is_left_to_rest() -> None:
    more = {"pageInfo": {"hasNextPage": True}, "nodes": []}
    whole = {"pageInfo": {"hasNextPage": False}, "nodes": []}
    assert derived("reviews", {"reviews": more}) is None
    assert derived("reviews", {"reviews": whole}) == []
    assert derived("timeline", {"timelineItems": {**whole, "nodes": [None]}}) is None
    assert derived("reviews", {}) is None


def test_the_derived_page_names_the_page_that_it_came_from_and_can_be_derived_again(
    tmp_path: Path, served: Any
) -> None:
    _, _, proxy = served
    with open_store(tmp_path) as store:
        extract(source(proxy, store))
        pages = {row["log_index"]: row for row in landed(store, "item_details")}
        for page in landed(store, "pull_request_commits"):
            assert page["method"] == "DERIVE"
            index = int(page["url"].partition("#page=")[2].partition("&")[0])
            nodes = msgspec.json.decode(pages[index]["body"])["data"]["nodes"]
            (node,) = [each for each in nodes if str(each["number"]) == page["parent_key"]]
            assert msgspec.json.encode(derived("pull_request_commits", node)) == page["body"]


def test_the_query_is_one_that_the_official_schema_allows() -> None:
    folder = os.environ.get("ASSAY_PAYLOADS")
    if folder is None:
        pytest.skip("ASSAY_PAYLOADS does not name a folder of recorded payloads")
    with gzip.open(
        Path(folder) / "specs" / "github-graphql.schema.graphql.gz", "rt", encoding="utf-8"
    ) as file:
        schema = build_schema(
            file.read(), assume_valid_sdl=True
        )  # it defines two fields of an enterprise twice
    assert validate(schema, parse(QUERY)) == []
    assert validate(schema, parse(QUERY.replace("submittedAt", "submitted_at"))) != []


def test_enterprise_servers_answer_beside_their_rest_api() -> None:
    def url(base: str) -> str:
        return GitHubConfig(name="g", base_url=base, organisation="acme").graphql_url

    assert url("https://github.acme.example/api/v3") == "https://github.acme.example/api/graphql"
    assert url("https://api.github.com") == "https://api.github.com/graphql"


def test_a_derived_page_that_its_nodes_do_not_give_is_named(
    tmp_path: Path, served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, proxy = served
    with open_store(tmp_path) as store:
        extract(source(proxy, store))
        assert list(disagreements(store, "github")) == []
        monkeypatch.setattr("connectors.github.graphql.agreement.derived", lambda *_: [])
        assert "reviews of acme/" in "\n".join(disagreements(store, "github"))


def test_derived_pages_are_held_against_their_nodes_also_where_files_were_merged(tmp_path: Path) -> None:
    organisation = simulate(services=1, months=1)
    with (
        serve(organisation, token=TOKEN, at=datetime(2026, 6, 15, tzinfo=UTC)) as server,
        RecordingProxy(server.base_url) as proxy,
        open_store(tmp_path) as store,
    ):
        extract(source(proxy, store))
        server.move_to(datetime(2026, 6, 30, tzinfo=UTC))
        extract(source(proxy, store))
        for stream in CHILDREN:
            store.compact("github", stream, least_files=2)
        files = [file for file in store.committed_files() if file.stream in CHILDREN]
        assert any(file.last_log_index - file.first_log_index >= file.pages for file in files), (
            "pages of other streams stand between those of a file"
        )
        assert list(disagreements(store, "github")) == []
