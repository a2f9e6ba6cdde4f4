"""Requests, and the simulated organisation's answers, held against Datadog's own description of version 1."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.request.exceptions import ParameterValidationError
from werkzeug.datastructures import ImmutableMultiDict

from connectors.datadog.streams import STREAMS
from connectors.sandbox.api import ApiRequest
from tests.connectors.datadog.organisation import SINCE, SMALL, ReadOrganisation, open_organisation, utc

pytestmark = pytest.mark.filterwarnings("ignore:Unsupported scheme type")  # OAuth, beside the keys

END = utc(SMALL.until.isoformat())
HOST = "https://api.datadoghq.com"


@pytest.fixture(scope="module")
def document(payloads: Path) -> dict[str, Any]:
    """The parts of the description that the streams use; all of it is large."""
    text = gzip.decompress((payloads / "specs/datadog-v1.yaml.gz").read_bytes())
    found: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    used = ("/api/v1/slo", "/api/v1/slo/{slo_id}/history", "/api/v1/monitor")
    found["paths"] = {path: found["paths"][path] for path in used}
    found["servers"] = [{"url": HOST}]
    return found


@pytest.fixture(scope="module")
def description(document: dict[str, Any]) -> OpenAPI:
    """The same for a validator."""
    return OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadOrganisation]:
    """An organisation of which every stream was read."""
    with open_organisation(tmp_path_factory.mktemp("organisation"), at=END, since=SINCE) as organisation:
        for stream in STREAMS:
            organisation.extract(stream.name)
        yield organisation


def requests(read: ReadOrganisation) -> Iterator[MockRequest]:
    """What was asked of version 1, as it would reach Datadog."""
    for request in read.vendor.server.requests:
        path = request.path.removeprefix("/datadog")
        if path.startswith("/api/v1/"):
            yield MockRequest(
                HOST,
                "get",
                path,
                args=ImmutableMultiDict(parse_qsl(urlsplit(request.target).query)),
                headers={name.upper(): value for name, value in request.headers.items()},
            )


def test_every_request_is_valid_by_the_description(description: OpenAPI, read: ReadOrganisation) -> None:
    asked = list(requests(read))
    assert len(asked) > 50
    for request in asked:
        description.validate_request(request)


def test_every_parameter_is_one_that_the_description_knows(
    document: dict[str, Any], read: ReadOrganisation
) -> None:
    shared = document["components"].get("parameters", {})
    for request in requests(read):
        template = "/api/v1/slo/{slo_id}/history" if request.path.endswith("/history") else request.path
        rows = document["paths"][template]["get"]["parameters"]
        known = {(shared[row["$ref"].split("/")[-1]] if "$ref" in row else row)["name"] for row in rows}
        assert set(request.parameters.query) <= known


@pytest.mark.parametrize("spoilt", [{"from_ts": "yesterday"}, {"to_ts": "1.5"}])
def test_a_request_that_is_not_valid_is_found(
    description: OpenAPI, read: ReadOrganisation, spoilt: dict[str, str]
) -> None:
    request = next(request for request in requests(read) if request.path.endswith("/history"))
    headers = dict(request.parameters.header)
    args = ImmutableMultiDict(dict(request.parameters.query) | spoilt)
    with pytest.raises(ParameterValidationError):
        description.validate_request(MockRequest(HOST, "get", request.path, args=args, headers=headers))


def test_the_simulated_organisation_answers_as_described(
    description: OpenAPI, read: ReadOrganisation
) -> None:
    """Nulls aside: where the description leaves them out, real answers have them all the same."""
    for request in requests(read):
        query = {name: (value,) for name, value in request.parameters.query.items()}
        keys = {"dd-api-key": "a", "dd-application-key": "b"}
        answer = read.api.respond(ApiRequest("GET", request.path, query, keys))
        body = without_nulls(answer.document)
        description.validate_response(request, MockResponse(json.dumps(body).encode()))


def without_nulls(value: Any) -> Any:
    """The same JSON without the keys that say nothing."""
    if isinstance(value, dict):
        return {key: without_nulls(below) for key, below in value.items() if below is not None}
    return [without_nulls(below) for below in value] if isinstance(value, list) else value
