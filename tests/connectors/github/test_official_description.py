"""Every request is one that GitHub's own description allows, and the sandbox answers as it says."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from connectors.github.config import GitHubConfig
from connectors.github.source import GitHubSource
from connectors.sandbox import serve, simulate
from connectors.sandbox.parameters import ORGANISATION
from tests.connectors.workspace import FakeTime, open_store
from tests.replay.loopback import Request, Response
from tests.replay.recording_proxy import RecordingProxy

TOKEN = "ghp_planted"
NULL_IN_REALITY = {
    ("head", "repo"),  # the fork was deleted
    ("actor",),  # the account was deleted
    ("triggering_actor",),
    ("author",),  # no account has the commit's address
    ("committer",),
    ("state_reason",),  # nullable by the description, missing in its enumeration
    ("start_side",),
}
"""Where real bodies have null and the description forgets it."""
SEARCH_SYNTAX = {"created"}
"""Parameters whose prose documents a search expression while their format says `date-time`."""


@pytest.fixture(scope="module")
def description() -> OpenAPI:
    folder = os.environ.get("ASSAY_PAYLOADS")
    if folder is None:
        pytest.skip("ASSAY_PAYLOADS does not name a folder of recorded payloads")
    with gzip.open(Path(folder) / "specs" / "github-api.json.gz") as file:
        return OpenAPI.from_dict(json.load(file), config=Config(spec_validator_cls=None))


@pytest.fixture(scope="module")
def exchanges(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Request, Response]]:
    """One extraction of every stream, by organisation and by name."""
    organisation = simulate(services=3, months=2)
    with (
        serve(organisation, token=TOKEN) as server,
        RecordingProxy(server.base_url) as proxy,
        open_store(tmp_path_factory.mktemp("store")) as store,
    ):
        for name, settings in (
            ("whole", {"organisation": ORGANISATION}),
            ("some", {"repositories": (organisation.company.repositories[0].name,)}),
        ):
            config = GitHubConfig(name=name, base_url=proxy.base_url, token=TOKEN, **settings)  # type: ignore[arg-type]
            source = GitHubSource(config, store=store, runtime=FakeTime().runtime())
            for stream in source.streams:
                assert source.extract(stream.name, run_id="run").failures == ()
            source.check()
        return proxy.exchanges


def asked(request: Request) -> MockRequest:
    return MockRequest(
        "https://api.github.com",
        request.method.lower(),
        request.target.partition("?")[0],
        args={name: text for name, text in request.query.items() if name not in SEARCH_SYNTAX},
    )


def one_of_each(exchanges: list[tuple[Request, Response]]) -> Iterator[tuple[Request, Response]]:
    """One exchange of each shape of path: bodies of one endpoint are alike, and validation takes its time."""
    seen: set[tuple[str, ...]] = set()
    for request, response in exchanges:
        steps = request.path.strip("/").split("/")
        shape = tuple("#" if step.isdigit() else step for step in (steps[3:] or steps))
        if shape not in seen and len(response.body) > 100:
            seen.add(shape)
            yield request, response


def complaints(error: OpenAPIError) -> list[str]:
    found = getattr(error.__cause__, "schema_errors", [])
    return [
        f"{'/'.join(map(str, each.absolute_path))}: {each.message[:100]}"
        for each in found
        if not is_null_in_reality(each)
    ] or ([] if found else [str(error)])


def is_null_in_reality(error: Any) -> bool:
    path = tuple(step for step in error.absolute_path if isinstance(step, str))
    return error.instance is None and any(path[-len(place) :] == place for place in NULL_IN_REALITY)


def test_every_request_is_one_that_the_description_allows(
    description: OpenAPI, exchanges: list[tuple[Request, Response]]
) -> None:
    distinct = {request.target: request for request, _ in exchanges}
    assert len(distinct) > 50
    for request in distinct.values():
        description.validate_request(asked(request))


def test_a_request_that_the_description_does_not_know_is_noticed(description: OpenAPI) -> None:
    with pytest.raises(OpenAPIError):
        description.validate_request(MockRequest("https://api.github.com", "get", "/repos/a/b/pullz"))
    wrong = MockRequest("https://api.github.com", "get", "/repos/a/b/pulls", args={"state": "any"})
    with pytest.raises(OpenAPIError):
        description.validate_request(wrong)


def test_the_sandbox_answers_as_the_description_says(
    description: OpenAPI, exchanges: list[tuple[Request, Response]]
) -> None:
    found = []
    checked = list(one_of_each(exchanges))
    assert len(checked) >= 17
    for request, response in checked:
        answer = MockResponse(response.body, status_code=response.status, content_type="application/json")
        try:
            description.validate_response(asked(request), answer)
        except OpenAPIError as error:
            found.extend(f"{request.path}: {complaint}" for complaint in complaints(error))
    assert not found, "\n".join(found)


def test_an_answer_of_another_shape_is_noticed(description: OpenAPI) -> None:
    request = MockRequest("https://api.github.com", "get", "/repos/a/b/tags")
    answer = MockResponse(b'[{"name": 7}]', status_code=200, content_type="application/json")
    with pytest.raises(OpenAPIError) as error:
        description.validate_response(request, answer)
    assert complaints(error.value)
