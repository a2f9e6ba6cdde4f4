"""What the description of CircleCI's API that we have can say about our requests.

It is of version 1, in which there are builds and neither pipelines nor workflows: only `/me` is in both. The
rest stands on CircleCI's documentation of version 2 (circleci.com/docs/api/v2), and on this test, which
fails as soon as a description knows more of the paths.
"""

import gzip
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.exceptions import PathNotFound
from openapi_core.testing import MockRequest
from werkzeug.datastructures import ImmutableMultiDict

from tests.connectors.circleci.server import SmallCircleCI, open_source
from tests.connectors.workspace import open_store
from tests.replay.loopback import Request

ASKED = {
    "/project/[^/]+/[^/]+/[^/]+": set(),
    "/project/[^/]+/[^/]+/[^/]+/pipeline": {"page-token"},
    "/pipeline/[^/]+/workflow": {"page-token"},
    "/workflow/[^/]+/job": {"page-token"},
    "/me": set(),
}
"""Paths and parameters of version 2: getProjectBySlug, listPipelinesForProject, listWorkflowsByPipelineId,
listWorkflowJobs, getCurrentUser."""


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> list[Request]:
    """What a run of every stream, with more than a page of pipelines, and a check ask for."""
    circleci = SmallCircleCI()
    for _ in range(25):
        circleci.workflow(circleci.pipeline())
    with circleci.api.server, open_store(tmp_path_factory.mktemp("described")) as store:
        circleci.extract(store)
        open_source(store, circleci.api.base_url, circleci.time).check()
        return circleci.api.server.requests


def description(payloads: Path) -> OpenAPI:
    """The description; its credentials are a query parameter, which would stand in every log."""
    found: dict[str, Any] = json.loads(
        gzip.decompress((payloads / "specs/circleci.com.json.gz").read_bytes())
    )
    del found["security"]
    return OpenAPI.from_dict(found, config=Config(spec_validator_cls=None))


def as_described(request: Request) -> MockRequest:
    """The request as version 1 would get it."""
    parts = urlsplit(request.target)
    return MockRequest(
        "https://circleci.com",
        request.method.lower(),
        parts.path.replace("/circleci/api/v2/", "/api/v1/"),
        args=ImmutableMultiDict(parse_qsl(parts.query)),
    )


def test_every_request_is_one_of_version_two(requests: list[Request]) -> None:
    met = set()
    for request in requests:
        parts = urlsplit(request.target)
        path = parts.path.removeprefix("/circleci/api/v2")
        (pattern,) = (pattern for pattern in ASKED if re.fullmatch(pattern, path))
        met.add(pattern)
        assert {name for name, _ in parse_qsl(parts.query)} <= ASKED[pattern], request.target
        assert "circle-token" in request.headers
    assert met == set(ASKED)


def test_the_description_knows_who_asks_and_nothing_else(payloads: Path, requests: list[Request]) -> None:
    described = description(payloads)
    for request in requests:
        if request.path.endswith("/me"):
            described.validate_request(as_described(request))
        elif request.path.endswith(("/pipeline", "/workflow", "/job")):
            with pytest.raises((PathNotFound, OpenAPIError)):
                described.validate_request(as_described(request))
