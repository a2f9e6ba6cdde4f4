"""Records in another shape than documented: kept and counted; refused only where paging cannot do without."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest

from connectors.errors import PermanentSourceError
from tests.connectors.matrix.current import value_of
from tests.connectors.matrix.faults import list_in
from tests.connectors.matrix.runs import LATER, Reading, reading, sound
from tests.connectors.matrix.sources import SOURCES
from tests.connectors.matrix.vendor import Answer, Disturb, Vendor
from tests.connectors.workspace import FakeTime
from tests.dbt_project.warehouse import EvidenceBook, Warehouse
from tests.replay.loopback import Request, Response

Change = Callable[[dict[str, Any], str], None]


def _missing(record: dict[str, Any], name: str) -> None:
    del record[name]


def _null(record: dict[str, Any], name: str) -> None:
    record[name] = None


def _another_type(record: dict[str, Any], name: str) -> None:
    record[name] = [] if isinstance(record[name], dict) else {"value": record[name]}


def _new_field(record: dict[str, Any], name: str) -> None:
    record[f"{name}_v2"] = {"nested": ["ü", None, 1]}


DRIFTS: Mapping[str, Change] = {
    "a new field": _new_field,
    "a field is missing": _missing,
    "null where never null": _null,
    "another type": _another_type,
}


def drifting(part: str, name: str, change: Callable[[int], Change]) -> Disturb:
    """Change a field of the records of one listing; which way, may depend on the record."""

    def answer(request: Request, answered: Answer) -> Response:
        response = answered()
        if part not in unquote(request.target) or response.status != 200:
            return response
        document = msgspec.json.decode(response.body)
        for record in list_in(document):
            if name in record:
                change(_number_of(record))(record, name)
        headers = {key: text for key, text in response.headers.items() if key != "etag"}
        return replace(response, body=msgspec.json.encode(document), headers=headers)

    return answer


def _number_of(record: dict[str, Any]) -> int:
    return sum(str(record.get("id", "")).encode())


NEEDED = {
    "github": ("pull_requests", "/repos/acme/checkout/pulls", "number"),
    "jira": ("issues", "updated >= ", "id"),
    "gitlab": ("merge_requests", "/projects/acme/checkout/merge_requests?", "iid"),
    "circleci": ("pipelines", "/gh/acme/checkout/pipeline", "id"),
    "pagerduty": ("incidents", "/incidents", "created_at"),
    "datadog": ("slos", "/api/v1/slo", "id"),
    "alertmanager": ("silences", "/silences", "id"),
    "scim": ("users", "/Users", "id"),
}


@pytest.mark.parametrize("drift", [name for name in DRIFTS if name != "a new field"])
@pytest.mark.parametrize("source", NEEDED)
def test_a_field_that_paging_needs_is_named_and_the_others_go_on(source: str, drift: str) -> None:
    stream, path, field = NEEDED[source]
    with reading(SOURCES[source], at=LATER) as read:
        read.vendor.disturb = drifting(path, field, lambda _: DRIFTS[drift])
        if source == "alertmanager":
            read.vendor.disturb = lambda request, answered: _silence(request, answered, DRIFTS[drift])
        read.run()
        causes = [each for each in read.failures if each.stream == stream]
        assert len(causes) == 1
        assert isinstance(causes[0].error, PermanentSourceError)
        assert f"`{field}`" in str(causes[0].error) or f".{field}`" in str(causes[0].error)
        assert "another shape than documented" in causes[0].error.message
        assert_others_went_on(read, stream)


def _silence(request: Request, answered: Answer, change: Change) -> Response:
    if not request.path.endswith("/silences"):
        return answered()
    record = {"id": "7", "startsAt": "2026-06-23T10:00:00Z"}
    change(record, "id")
    return Response(msgspec.json.encode([record]))


def assert_others_went_on(read: Reading, stream: str) -> None:
    """Streams that do not go through the one that failed hold what they hold without the drift."""
    told = {each.stream for each in read.failures}
    parents = {each.name: each.parent for each in read.source().streams}
    assert all(name == stream or _goes_through(stream, name, parents) for name in told)
    expected, held = sound(read.spec.name, "first run").current, read.current()
    for name, records in expected.items():
        if name != stream and not _goes_through(stream, name, parents):
            assert held[name].keys() == records.keys(), name


def _goes_through(stream: str, name: str, parents: Mapping[str, str | None]) -> bool:
    at: str | None = name
    while at is not None and at != stream:
        at = parents.get(at)
    return at == stream


STAGED = {
    "gitlab": ("deployments", "/deployments", "created_at", "deployment_id", "created_at"),
    "pagerduty": ("incidents", "/incidents", "service", "incident_id", "service_id"),
    "circleci": ("pipelines", "/pipeline", "number", "pipeline_id", "number"),
}
"""Stream, path, the field that drifts, and in staging the key and the column that the field fills."""


def staged(folder: Path) -> Warehouse:
    """Records of which some only have a new field, and the others have drifted in three ways."""
    book = EvidenceBook(folder, kinds={source: source for source in STAGED})
    for source, (stream, path, field, *_) in STAGED.items():
        spec, time = SOURCES[source], FakeTime(now=LATER)
        vendor = Vendor(LATER, token=spec.token, clock=time.clock)
        vendor.disturb = drifting(path, field, lambda number: list(DRIFTS.values())[number % 4])
        with vendor.server:
            opened = spec.open(vendor.server.base_url, book.store, time)
            for each in opened.streams:
                if each.name in (stream, "projects", "groups"):
                    assert opened.extract(each.name, run_id="run").failures == ()
    warehouse = Warehouse(folder / "warehouse")
    models = tuple(f"stg_{source}__{stream}" for source, (stream, *_) in STAGED.items())
    warehouse.build(book.evidence(), select=models)
    return warehouse


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return staged(tmp_path_factory.mktemp("drift"))


@pytest.mark.slow
@pytest.mark.parametrize("source", STAGED)
def test_what_drifted_is_staged_empty_and_counted_and_the_rest_is_whole(
    source: str, warehouse: Warehouse
) -> None:
    stream, _, field, key, column = STAGED[source]
    there = sound(source, "first run").current[stream].values()
    expected = {str(record["id"]): record for record in (msgspec.json.decode(each.record) for each in there)}
    rows = warehouse.rows(f"select {key}, {column}, cast_loss_count from staging.stg_{source}__{stream}")
    assert {str(row[0]) for row in rows} == expected.keys()
    drifts = list(DRIFTS)
    seen = set()
    for name, value, losses in rows:
        drift = drifts[_number_of(expected[str(name)]) % 4]
        seen.add(drift)
        is_sound = drift == "a new field"
        assert (value is not None, losses) == (is_sound, 0 if is_sound else 1), (name, drift)
        assert not is_sound or value_of(expected[str(name)], field) is not None
    assert len(seen) > 1
