"""Requests, and the simulated site's answers, held against Atlassian's own description of Jira Cloud."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse
from werkzeug.datastructures import ImmutableMultiDict

from tests.connectors.jira.site import END, MIDDLE, ReadSite, answers_of, open_site
from tests.replay.loopback import Request

HOST = "https://acme.atlassian.net"
PLATFORM = "/rest/api/3/"


def document(payloads: Path) -> dict[str, Any]:
    """The description as JSON; its one server is a placeholder."""
    found: dict[str, Any] = json.loads(
        gzip.decompress((payloads / "specs/jira-v3.cfdude.json.gz").read_bytes())
    )
    return {**found, "servers": [{"url": HOST}]}


@pytest.fixture(scope="module")
def description(payloads: Path) -> OpenAPI:
    """The description as published; it breaks the rules of OpenAPI elsewhere, so it is not checked itself."""
    return OpenAPI.from_dict(document(payloads), config=Config(spec_validator_cls=None))


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadSite]:
    """A site of which everything was read, a part of it twice, and once more by project."""
    with open_site(tmp_path_factory.mktemp("site"), at=MIDDLE, largest_page=20) as site:
        site.extract_all()
        site.move_to(END)
        site.extract_all()
        with open_site(tmp_path_factory.mktemp("projects"), projects=("INC",)) as other:
            other.extract_all()
            site.server.requests.extend(other.server.requests)
        site.server.requests[:] = [
            request for request in site.server.requests if request.path.startswith(PLATFORM)
        ]
        yield site


def described(request: Request) -> MockRequest:
    """The request as it would reach Atlassian."""
    return MockRequest(
        HOST,
        request.method.lower(),
        request.path,
        args=ImmutableMultiDict(parse_qsl(urlsplit(request.target).query)),
        headers={name.title(): value for name, value in request.headers.items()},
        data=request.body or None,
        content_type=request.headers.get("content-type", "application/json"),
    )


def test_every_request_is_valid_by_the_description(description: OpenAPI, read: ReadSite) -> None:
    paths = {request.path for request in read.server.requests}
    assert {f"{PLATFORM}{name}" for name in ("search/jql", "changelog/bulkfetch", "worklog/list")} <= paths
    for request in read.server.requests:
        description.validate_request(described(request))


def test_every_parameter_is_one_that_the_description_knows(payloads: Path, read: ReadSite) -> None:
    """A validator passes over parameters that nobody described, and so would Jira, silently."""
    paths = document(payloads)["paths"]
    for request in read.server.requests:
        template = next(path for path in paths if matches(path, request.path))
        known = {row["name"] for row in paths[template][request.method.lower()].get("parameters", ())}
        asked = {name for name, _ in parse_qsl(urlsplit(request.target).query)}
        assert asked <= known, request.target


def matches(template: str, path: str) -> bool:
    """Whether a path is one of the template's."""
    steps, given = template.split("/"), path.split("/")
    return len(steps) == len(given) and all(
        step == at or step.startswith("{") for step, at in zip(steps, given, strict=True)
    )


def test_the_simulated_site_answers_as_described(description: OpenAPI, read: ReadSite) -> None:
    """Nulls aside, the colon in offsets, which Jira leaves out though `date-time` has one, and the instants
    of bulk changelogs, where example and schema disagree.
    """
    answer = answers_of(read.api, lambda: HOST)
    for request in {request.target: request for request in read.server.requests}.values():
        if not request.path.endswith(("/changelog/bulkfetch", "/INC", "/status", "/fields")):
            response = answer(request)
            text = re.sub(r'([+-]\d\d)(\d\d)"', r'\1:\2"', response.body.decode())
            body = without_nulls(json.loads(text))
            description.validate_response(described(request), MockResponse(json.dumps(body).encode()))


def without_nulls(value: Any) -> Any:
    """The same JSON without the keys that say nothing."""
    if isinstance(value, dict):
        return {key: without_nulls(below) for key, below in value.items() if below is not None}
    return [without_nulls(below) for below in value] if isinstance(value, list) else value


def test_a_request_that_is_not_valid_is_found(description: OpenAPI, read: ReadSite) -> None:
    request = next(row for row in read.server.requests if row.path.endswith("/bulkfetch"))
    spoilt = described(request)
    spoilt.body = json.dumps({"issueIdsOrKeys": [], "maxResults": 20_000}).encode()
    with pytest.raises(OpenAPIError):
        description.validate_request(spoilt)
