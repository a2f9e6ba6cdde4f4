"""Requests, and the simulated account's answers, held against PagerDuty's own description of its API."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.request.exceptions import ParameterValidationError
from werkzeug.datastructures import ImmutableMultiDict

from connectors.pagerduty.streams import STREAMS
from tests.connectors.pagerduty.account import (
    SMALL,
    TOKEN,
    ReadAccount,
    answers_of,
    incidents_of,
    open_account,
    utc,
)
from tests.replay.loopback import Request

SINCE = SMALL.first_day.isoformat()
END = utc(SMALL.until.isoformat())
HOST = "https://api.pagerduty.com"


def document(payloads: Path) -> dict[str, Any]:
    """The description as JSON."""
    found: dict[str, Any] = json.loads(
        gzip.decompress((payloads / "specs/pagerduty-rest.json.gz").read_bytes())
    )
    return found


@pytest.fixture(scope="module")
def description(payloads: Path) -> OpenAPI:
    """The description as published; it breaks the rules of OpenAPI elsewhere, so it is not checked itself."""
    return OpenAPI.from_dict(document(payloads), config=Config(spec_validator_cls=None))


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadAccount]:
    """An account of which every stream was read, incidents twice with one open for long."""
    events = incidents_of((utc("2025-09-01"), None), (utc("2025-09-02"), utc("2025-09-03")))
    with open_account(tmp_path_factory.mktemp("account"), at=END, since=SINCE, events=events) as account:
        for name in [*(stream.name for stream in STREAMS), "incidents"]:
            account.extract(name)
        yield account


def described(request: Request) -> MockRequest:
    """The request as it would reach PagerDuty."""
    return MockRequest(
        HOST,
        request.method.lower(),
        request.path,
        args=ImmutableMultiDict(parse_qsl(urlsplit(request.target).query)),
        headers={name.title(): value for name, value in request.headers.items()},
        content_type=request.headers["content-type"],
    )


def test_every_request_is_valid_by_the_description(description: OpenAPI, read: ReadAccount) -> None:
    assert {request.path for request in read.server.requests} >= {stream.path for stream in STREAMS} - {
        "/teams/{parent_key}/members"
    }
    for request in read.server.requests:
        assert request.headers["authorization"] == f"Token token={TOKEN}"
        description.validate_request(described(request))


def test_every_parameter_is_one_that_the_description_knows(payloads: Path, read: ReadAccount) -> None:
    """A validator passes over parameters that nobody described, and so would PagerDuty, silently."""
    described_api = document(payloads)
    shared = described_api["components"]["parameters"]
    for request in read.server.requests:
        template = "/teams/{id}/members" if request.path.endswith("/members") else request.path
        rows = described_api["paths"][template]["get"]["parameters"]
        known = {(shared[row["$ref"].split("/")[-1]] if "$ref" in row else row)["name"] for row in rows}
        asked = {name for name, _ in parse_qsl(urlsplit(request.target).query)}
        assert asked <= known, request.target


def test_the_simulated_account_answers_as_described(description: OpenAPI, read: ReadAccount) -> None:
    """Nulls aside, which its examples have though it forbids them. On log entries it contradicts itself."""
    answer = answers_of(read.api)
    for request in read.server.requests:
        if request.path != "/log_entries":
            body = without_nulls(json.loads(answer(request).body))
            description.validate_response(described(request), MockResponse(json.dumps(body).encode()))


def without_nulls(value: Any) -> Any:
    """The same JSON without the keys that say nothing."""
    if isinstance(value, dict):
        return {key: without_nulls(below) for key, below in value.items() if below is not None}
    return [without_nulls(below) for below in value] if isinstance(value, list) else value


def test_a_request_that_is_not_valid_is_found(description: OpenAPI, read: ReadAccount) -> None:
    request = described(next(row for row in read.server.requests if row.path == "/incidents"))
    args = ImmutableMultiDict(dict(request.parameters.query) | {"limit": "all"})
    spoilt = MockRequest(HOST, "get", request.path, args=args, headers=dict(request.parameters.header))
    with pytest.raises(ParameterValidationError):
        description.validate_request(spoilt)
