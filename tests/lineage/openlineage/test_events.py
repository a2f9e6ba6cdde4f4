"""OpenLineage events against the official schemas, and what delivering them may cost."""

import copy
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from openlineage.client.serde import Serde

from lineage.columns import ColumnEdge, Kind
from lineage.openlineage import (
    Assertion,
    DatasetDescription,
    EventFile,
    EventMaker,
    EventPost,
    Failure,
    JobDescription,
    PostRefusedError,
    RunStep,
)
from tests.lineage.openlineage.schema_checks import facets_of, problems

AT = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
RUN = "0b8f6f0e-6a51-4f3e-9f0e-2f6f1f4f5a11"
MAKER = EventMaker("acme", RUN, version="0.1.0", engine_version="1.5.5")
EDGES = (
    ColumnEdge("sha", "github.commits", "body", "$[*].sha", Kind.IDENTITY),
    ColumnEdge("sha", "github.commits", "body", "$[*].sha", Kind.CONDITIONAL),
    ColumnEdge("commit_count", "github.commits", "*", "", Kind.AGGREGATION),
    ColumnEdge("", "config.rules", "pattern", "", Kind.FILTER),
)
STEP = RunStep(
    JobDescription("marts.fct", sql="select 1", description="One row per commit.", owner="delivery-metrics"),
    AT,
    AT + timedelta(seconds=2),
    inputs=(DatasetDescription("github.commits", {"body": "BLOB"}),),
    outputs=(DatasetDescription("marts.fct", {"sha": "VARCHAR"}, "One row per commit.", EDGES, rows=3),),
    assertions=(Assertion("not_null", is_passed=False, column="sha"), Assertion("unique", is_passed=True)),
)


def documents(step: RunStep = STEP) -> list[dict[str, Any]]:
    ends = (MAKER.run_started(AT), *MAKER.step_events(step), MAKER.run_ended(AT))
    return [Serde.to_dict(event) for event in ends]


def test_every_event_and_every_facet_is_valid_against_its_official_schema() -> None:
    failed = RunStep(STEP.job, AT, AT, inputs=STEP.inputs, failure=Failure("it could not be built"))
    events = [
        *documents(),
        *documents(failed),
        Serde.to_dict(MAKER.run_ended(AT, Failure("BuildFailedError"))),
    ]
    assert [problem for event in events for problem in problems(event)] == []
    names = {name for event in events for name, _ in facets_of(event)}
    assert names == {
        *("columnLineage", "dataQualityAssertions", "dataSource", "documentation", "errorMessage", "jobType"),
        *("outputStatistics", "ownership", "parent", "processing_engine", "schema", "sql"),
    }


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (("eventType",), "DONE", "'DONE' is not one of"),
        (("eventTime",), "yesterday", "is not a 'date-time'"),
        (("run", "runId"), 7, "is not of type 'string'"),
        (("job", "name"), None, "is not of type 'string'"),
        (
            ("outputs", 0, "facets", "columnLineage", "fields", "sha", "inputFields", 0, "field"),
            1,
            "not of type",
        ),
        (("outputs", 0, "facets", "columnLineage", "fields"), [], "is not of type 'object'"),
        (("outputs", 0, "facets", "schema", "fields", 0, "name"), 1, "is not of type 'string'"),
        (("outputs", 0, "outputFacets", "outputStatistics", "rowCount"), "3", "is not of type 'integer'"),
        (("inputs", 0, "inputFacets", "dataQualityAssertions", "assertions", 0, "success"), 0, "'boolean'"),
        (("run", "facets", "parent", "job"), {}, "'namespace' is a required property"),
        (
            ("job", "facets", "sql", "_schemaURL"),
            "https://openlineage.io/spec/facets/9/X.json",
            "no official",
        ),
        (("job", "facets", "sql", "query"), None, "is not of type 'string'"),
    ],
)
def test_a_planted_fault_is_refused(place: tuple[Any, ...], value: object, reason: str) -> None:
    event = copy.deepcopy(documents()[2])
    holder = event
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    assert any(reason in problem for problem in problems(event)), problems(event)


def test_column_lineage_keeps_direct_and_indirect_inputs_apart() -> None:
    facet = documents()[2]["outputs"][0]["facets"]["columnLineage"]
    (of_sha,) = facet["fields"]["sha"]["inputFields"]
    assert of_sha["field"] == "body:$[*].sha"
    assert of_sha["namespace"] == "assay://acme"
    assert [each["subtype"] for each in of_sha["transformations"]] == ["IDENTITY", "CONDITIONAL"]
    assert [each["type"] for each in of_sha["transformations"]] == ["DIRECT", "INDIRECT"]
    (of_rows,) = facet["dataset"]
    assert (of_rows["name"], of_rows["transformations"][0]["subtype"]) == ("config.rules", "FILTER")


def test_a_models_run_names_the_run_of_the_workspace_as_its_parent() -> None:
    start, *_, end = documents()
    child = documents()[1]
    assert start["run"]["runId"] == end["run"]["runId"] == RUN
    assert child["run"]["facets"]["parent"]["run"]["runId"] == RUN
    assert child["run"]["runId"] == documents()[2]["run"]["runId"] != RUN


def test_events_are_lines_of_a_file(tmp_path: Path) -> None:
    file = EventFile(tmp_path / "events" / "one.jsonl")
    for event in (MAKER.run_started(AT), MAKER.run_ended(AT)):
        file.send(event)
    assert file.close(wait_seconds=0) is None
    lines = (tmp_path / "events" / "one.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["eventType"] for line in lines] == ["START", "COMPLETE"]


def test_a_file_that_cannot_be_written_is_told_and_fails_nothing(tmp_path: Path) -> None:
    file = EventFile(tmp_path / "one.jsonl")
    (tmp_path / "one.jsonl").mkdir()
    file.send(MAKER.run_started(AT))
    assert "could not be written" in str(file.close(wait_seconds=0))


class Endpoint(BaseHTTPRequestHandler):
    """Takes events, or does what the test asks."""

    status = 201
    taken: list[tuple[str, str | None, dict[str, Any]]] = []  # noqa: RUF012 - reset by each test

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.append((self.path, self.headers.get("Authorization"), json.loads(body)))
        self.send_response(self.status)
        if self.status == 307:
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    Endpoint.status, Endpoint.taken = 201, []
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_endpoint_gets_every_event_with_its_key(endpoint: str) -> None:
    post = EventPost(endpoint, api_key="planted-key")
    for event in (MAKER.run_started(AT), *MAKER.step_events(STEP), MAKER.run_ended(AT)):
        post.send(event)
    assert post.close(wait_seconds=10) is None
    assert {path for path, _, _ in Endpoint.taken} == {"/api/v1/lineage"}
    assert {key for _, key, _ in Endpoint.taken} == {"Bearer planted-key"}
    assert all(problems(event) == [] for _, _, event in Endpoint.taken)
    assert "planted-key" not in json.dumps([event for _, _, event in Endpoint.taken])


def test_a_dead_endpoint_costs_nothing_and_is_told_once() -> None:
    post = EventPost("http://127.0.0.1:9", api_key=None)
    began = time.monotonic()
    for _ in range(500):
        post.send(MAKER.run_started(AT))
    told = post.close(wait_seconds=10)
    assert time.monotonic() - began < 5
    assert "500 of 500 events did not reach 127.0.0.1" in str(told)


def test_an_endpoint_that_answers_nothing_is_not_waited_for() -> None:
    with HTTPServer(("127.0.0.1", 0), Endpoint) as silent:  # accepts, and never answers
        post = EventPost(f"http://127.0.0.1:{silent.server_port}", api_key=None, timeout_seconds=60)
        post.send(MAKER.run_started(AT))
        began = time.monotonic()
        assert "it is slow" in str(post.close(wait_seconds=0.2))
        assert time.monotonic() - began < 3


@pytest.mark.parametrize("status", [401, 500])
def test_a_refusing_endpoint_is_told_with_its_answer_and_without_the_key(endpoint: str, status: int) -> None:
    Endpoint.status = status
    post = EventPost(endpoint, api_key="planted-key")
    post.send(MAKER.run_started(AT))
    told = str(post.close(wait_seconds=10))
    assert f"it answered {status}" in told
    assert "planted-key" not in told


def test_a_redirect_is_not_followed(endpoint: str) -> None:
    Endpoint.status = 307
    post = EventPost(endpoint, api_key="planted-key")
    post.send(MAKER.run_started(AT))
    assert post.close(wait_seconds=10) is not None
    assert [path for path, _, _ in Endpoint.taken] == ["/api/v1/lineage"]


def test_a_key_does_not_travel_unencrypted() -> None:
    with pytest.raises(PostRefusedError, match="Use https"):
        EventPost("http://lineage.example.org", api_key="planted-key")
