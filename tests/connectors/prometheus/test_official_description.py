"""Requests, and the simulated server's answers, held against Prometheus' own description of its API."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse
from werkzeug.datastructures import ImmutableMultiDict

from tests.connectors.prometheus.observed import observe
from tests.connectors.prometheus.organisation import QUERIES, at_end, company_api
from tests.replay.loopback import Request
from tests.replay.vendor_api import VendorApi

HOST = "http://prometheus.example"


def document(payloads: Path) -> dict[str, Any]:
    """The description as JSON."""
    content = gzip.decompress((payloads / "specs/prometheus-openapi-3.1.yaml.gz").read_bytes())
    found: dict[str, Any] = yaml.load(content, yaml.CSafeLoader)
    return found


@pytest.fixture(scope="module")
def description(payloads: Path) -> OpenAPI:
    """The description as published."""
    return OpenAPI.from_dict(document(payloads))


@pytest.fixture(scope="module")
def exchanged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[VendorApi, list[Request]]]:
    """Every request of a first run over the simulated organisation, probe included."""
    server = VendorApi(company_api(), prefix="prometheus")
    folder = tmp_path_factory.mktemp("described")
    with observe(folder, server, now=at_end(hours=-8), queries=QUERIES, since="2026-06-25") as observed:
        source = observed.source
        assert all(found.is_ok for found in source.check())
        for stream in source.streams:
            source.extract(stream.name, run_id="run")
        yield server, list(server.server.requests)


def described(request: Request) -> MockRequest:
    """The request as it would reach Prometheus."""
    path = urlsplit(request.target).path.removeprefix("/prometheus")
    arguments = ImmutableMultiDict(parse_qsl(urlsplit(request.target).query))
    return MockRequest(HOST, request.method.lower(), path, args=arguments)


def test_every_request_is_valid_and_every_parameter_known(
    description: OpenAPI, payloads: Path, exchanged: tuple[VendorApi, list[Request]]
) -> None:
    paths = document(payloads)["paths"]
    _, requests = exchanged
    assert len({request.path for request in requests}) == 4
    for request in requests:
        asked = described(request)
        description.validate_request(asked)
        known = {
            row["name"] for row in paths[asked.path.removeprefix("/api/v1")]["get"].get("parameters", ())
        }
        assert {name for name, _ in parse_qsl(urlsplit(request.target).query)} <= known


def test_the_simulated_server_answers_as_described(
    description: OpenAPI, exchanged: tuple[VendorApi, list[Request]]
) -> None:
    server, requests = exchanged
    for request in {request.path: request for request in requests}.values():
        response = server.server.handler(request)
        assert json.loads(response.body)["status"] == "success"
        description.validate_response(described(request), MockResponse(response.body))


def test_what_is_not_as_described_is_found(
    description: OpenAPI, exchanged: tuple[VendorApi, list[Request]]
) -> None:
    _, requests = exchanged
    ranged = next(row for row in requests if row.path.endswith("query_range"))
    arguments = ImmutableMultiDict({"query": "up", "start": "yesterday", "end": "now", "step": "60"})
    with pytest.raises(OpenAPIError):
        description.validate_request(MockRequest(HOST, "get", described(ranged).path, args=arguments))
    with pytest.raises(OpenAPIError):
        description.validate_response(described(ranged), MockResponse(b'{"status":"fine","data":{}}'))
