"""Every request held against the description of GitLab's API, and what that description does not know yet.

The description is of version 3 of the API, which version 4 replaced: what version 4 kept is validated, what
it added stands in `ADDED` with the page of GitLab's documentation that has it. It names the token's header
`PRIVATE_HEADER`, so credentials are looked at here instead, and its ids have 32 bits, which GitLab.com's
outgrew.
"""

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
from openapi_core.testing import MockRequest
from werkzeug.datastructures import ImmutableMultiDict

from connectors.gitlab.streams import STREAMS
from connectors.sandbox.events import BuildStarted
from connectors.sandbox.gitlab.api import GitLabApi
from connectors.sandbox.organisation import simulate
from tests.connectors.gitlab.server import TOKEN, clock_at, open_source
from tests.connectors.workspace import open_store
from tests.replay.loopback import Request
from tests.replay.vendor_api import VendorApi

PAGES = {"page", "per_page"}
UPDATES = {"updated_after", "updated_before", "order_by", "sort"}
ADDED: dict[str, set[str]] = {
    "/v3/groups/{id}": {"with_projects"},  # groups.md
    "/v3/groups/{id}/descendant_groups": {"order_by", "sort"} | PAGES,  # groups.md
    "/v3/groups/{id}/projects": {"include_subgroups", "with_shared"},  # groups.md
    "/v3/projects/{id}/merge_requests": {"scope", *UPDATES},  # merge_requests.md
    "/v3/projects/{id}/merge_requests/{merge_request_id}/commits": PAGES,  # merge_requests.md
    "/v3/projects/{id}/events": {"sort", "after", "before"},  # events.md
    "/v3/projects/{id}/pipelines": {"source", *UPDATES},  # pipelines.md
    "/v3/projects/{id}/pipelines/{pipeline_id}/jobs": {"include_retried"} | PAGES,  # jobs.md
    "/v3/projects/{id}/jobs": {"pagination", "order_by", "sort", "cursor"} | PAGES,  # jobs.md
    "/v3/projects/{id}/deployments": UPDATES,  # deployments.md
    "/v3/projects/{id}/releases": {"order_by", "sort"} | PAGES,  # releases/index.md
    "/v3/projects/{id}/repository/tags": {"order_by", "sort"} | PAGES,  # tags.md
}
NEW_PATHS = {
    "/v3/projects/{id}/jobs",
    "/v3/groups/{id}/descendant_groups",
    "/v3/projects/{id}/pipelines/{pipeline_id}/jobs",
    "/v3/projects/{id}/releases",
}


def document(payloads: Path) -> dict[str, Any]:
    """The description as JSON, without its misnamed credentials and its short ids."""
    text = gzip.decompress((payloads / "specs/gitlab.com.json.gz").read_bytes())
    found: dict[str, Any] = json.loads(text.replace(b'"int32"', b'"int64"'))
    del found["security"]
    return found


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Request]]:
    """What a first run and an increment of every stream ask for."""
    company = simulate(seed=5, months=1, services=1)
    api = GitLabApi(company.company, company.timeline, TOKEN)
    gitlab = VendorApi(api, prefix="gitlab")
    with gitlab.server, open_store(tmp_path_factory.mktemp("described")) as store:
        builds = [event.at for event in company.timeline if isinstance(event, BuildStarted)]
        for at in (builds[len(builds) // 2] + 60, company.parameters.ends_at - 1):
            api.move_to(at)
            source = open_source(store, gitlab.base_url, clock_at(at), concurrency=2)
            for stream in STREAMS:
                assert source.extract(stream.name, run_id="run").failures == ()
        yield gitlab.server.requests


def template_of(path: str, templates: set[str]) -> str:
    """The path of the description that a request's path stands for; literal steps go before parameters."""
    fitting = [row for row in templates if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", row), path)]
    return min(fitting, key=lambda row: row.count("{"))


def as_described(request: Request) -> MockRequest:
    """The request as the description's server would get it."""
    parts = urlsplit(request.target)
    return MockRequest(
        "https://gitlab.com",
        request.method.lower(),
        parts.path.replace("/gitlab/api/v4/", "/api/v3/"),
        args=ImmutableMultiDict(parse_qsl(parts.query)),
    )


def test_every_request_is_valid_by_the_description(payloads: Path, requests: list[Request]) -> None:
    described = document(payloads)
    description = OpenAPI.from_dict(described, config=Config(spec_validator_cls=None))
    templates = set(described["paths"]) | NEW_PATHS
    met = set()
    for request in requests:
        assert request.headers["private-token"] == TOKEN
        parts = urlsplit(request.target)
        template = template_of(parts.path.replace("/gitlab/api/v4/", "/v3/"), templates)
        met.add(template)
        operation = described["paths"].get(template, {}).get("get", {})
        known = {row["name"] for row in operation.get("parameters", [])} | ADDED.get(template, set())
        assert {name for name, _ in parse_qsl(parts.query)} <= known, request.target
        if template not in NEW_PATHS:
            description.validate_request(as_described(request))
    assert set(ADDED) <= met


def test_a_request_that_is_not_valid_is_found(payloads: Path, requests: list[Request]) -> None:
    description = OpenAPI.from_dict(document(payloads), config=Config(spec_validator_cls=None))
    request = next(row for row in requests if row.path.endswith("/merge_requests"))
    spoilt = as_described(request)
    spoilt.parameters.query = ImmutableMultiDict({"state": "everything"})
    with pytest.raises(OpenAPIError):
        description.validate_request(spoilt)
