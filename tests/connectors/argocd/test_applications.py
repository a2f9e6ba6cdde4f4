"""Applications come in one listing, whole; requests and answers are as the vendor describes them."""

import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped] # it has no annotations
import msgspec
import pytest

from connectors.errors import CredentialsRejectedError
from connectors.sandbox.argocd.state import HISTORY_LIMIT
from tests.connectors.argocd.server import COMPANY, SmallArgo
from tests.connectors.workspace import landed, landed_records, open_store, windows
from tests.replay.loopback import Response

END = int(COMPANY.ends_at.timestamp())
START = int(COMPANY.starts_at.timestamp())


def test_one_request_brings_every_application(tmp_path: Path) -> None:
    argo = SmallArgo(END)
    with argo.api.server, open_store(tmp_path) as store:
        report = argo.read(store)
        assert (report.requests, report.records) == (1, len(argo.app.fold.applications))
        assert [window["record_count"] for window in windows(store, "applications")] == [report.records]
        names = [each["metadata"]["name"] for each in landed_records(store, "applications", envelope="items")]
        assert names == sorted(argo.app.fold.applications)


def test_the_history_that_one_answer_shows_is_short(tmp_path: Path) -> None:
    argo = SmallArgo(END)
    with argo.api.server, open_store(tmp_path) as store:
        argo.read(store)
        lengths = [
            len(each["status"].get("history", ()))
            for each in landed_records(store, "applications", envelope="items")
        ]
        assert max(lengths) == HISTORY_LIMIT


def test_an_argo_cd_without_applications_gives_null_instead_of_a_list(tmp_path: Path) -> None:
    argo = SmallArgo(START)
    with argo.api.server, open_store(tmp_path) as store:
        report = argo.read(store)
        assert (report.records, report.failures) == (0, ())
        assert b'"items":null' in landed(store, "applications")[0]["body"]
        assert len(windows(store, "applications")) == 1


def test_each_project_of_the_settings_is_read_by_itself(tmp_path: Path) -> None:
    argo = SmallArgo(END)
    projects = sorted({each.project for each in argo.app.fold.applications.values()})
    assert len(projects) > 1
    argo.api.spoil = lambda request: Response(b"{}", 403) if projects[0] in request.target else None
    with argo.api.server, open_store(tmp_path) as store:
        report = argo.read(store, projects=projects)
        assert [failure.scope for failure in report.failures] == [projects[0]]
        assert [window["scope"] for window in windows(store, "applications")] == projects[1:]
        wanted = [each for each in argo.app.fold.applications.values() if each.project != projects[0]]
        assert report.records == len(wanted)


def test_the_token_is_asked_for_and_a_wrong_one_stops_the_source(tmp_path: Path) -> None:
    argo = SmallArgo(END)
    with argo.api.server, open_store(tmp_path) as store:
        assert all(each.is_ok for each in argo.source(store).check())
        source = argo.source(store, token="wrong")
        assert not source.check()[0].is_ok
        with pytest.raises(CredentialsRejectedError):
            source.extract("applications", run_id="run")


@pytest.fixture(scope="module")
def description(payloads: Path) -> dict[str, Any]:
    """Argo CD's own description of its API (Swagger 2)."""
    with gzip.open(payloads / "specs" / "argocd-swagger2.json.gz") as file:
        found: dict[str, Any] = json.load(file)
    return found


def test_requests_are_those_that_the_vendor_describes(description: dict[str, Any], tmp_path: Path) -> None:
    argo = SmallArgo(END)
    with argo.api.server, open_store(tmp_path) as store:
        argo.read(store, projects=["payments", "storefront"])
        argo.source(store).check()
        for request in argo.api.server.requests:
            operation = description["paths"][request.path.removeprefix("/argocd")][request.method.lower()]
            described = {each["name"]: each for each in operation.get("parameters", ())}
            assert set(request.query) <= set(described)
            for name, value in request.query.items():
                jsonschema.validate(
                    [value], {"type": described[name]["type"], "items": described[name]["items"]}
                )


def test_answers_are_those_that_the_vendor_describes(description: dict[str, Any], tmp_path: Path) -> None:
    listing = {"$ref": "#/definitions/v1alpha1ApplicationList", "definitions": description["definitions"]}
    validator = jsonschema.Draft4Validator(listing)
    argo = SmallArgo(END)
    with argo.api.server, open_store(tmp_path) as store:
        argo.read(store)
        (page,) = landed(store, "applications")
        body = msgspec.json.decode(page["body"])
        validator.validate(body)
        body["items"][0]["status"]["history"][0]["id"] = "7"
        with pytest.raises(jsonschema.ValidationError, match="'7' is not of type 'integer'"):
            validator.validate(body)


def test_the_columns_stand_where_the_vendor_describes_them(description: dict[str, Any]) -> None:
    for column in SmallArgo(START).source(None).streams[0].columns:  # type: ignore[arg-type] # nothing is read
        at: dict[str, Any] = {"$ref": "#/definitions/v1alpha1Application"}
        for step in column.path.removeprefix("$.").split("."):
            at = property_of(description, at, step.removesuffix("[*]"))
            if step.endswith("[*]"):
                at = at["items"]


def property_of(description: dict[str, Any], schema: dict[str, Any], name: str) -> dict[str, Any]:
    """The schema of a property, references followed."""
    if "$ref" in schema:
        schema = description["definitions"][schema["$ref"].rpartition("/")[2]]
    found: dict[str, Any] = schema["properties"][name]
    return found
