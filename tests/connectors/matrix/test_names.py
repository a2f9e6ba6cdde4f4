"""Repositories that get another name or another owner: read on, and none of them twice."""

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote, unquote

import pytest

from connectors.streams import Mode
from tests.connectors.matrix.current import Current, Held
from tests.connectors.matrix.runs import LATER, Reading, reading, sound
from tests.connectors.matrix.sources import SOURCES
from tests.connectors.matrix.vendor import Answer, Disturb
from tests.replay.loopback import Request, Response

OLD = "acme/checkout"
RENAMED, TRANSFERRED = "acme/till", "shops/checkout"
MOVES = {"renamed": RENAMED, "transferred": TRANSFERRED}
NO_NAMES = {
    "jira": "projects and issues keep their ids; issues that move are tested with Jira's own tests",
    "jira-projects": "as above",
    "circleci": "projects are named in the settings; the old slug is refused until they follow",
    "jenkins": "a job is its name: under another one it is another job",
    "argocd": "applications keep their uid; their names lead nowhere",
    "pagerduty": "services and teams keep their ids",
    "datadog": "objectives and monitors keep their ids",
    "prometheus": "series are their labels",
    "alertmanager": "alerts are their labels",
    "scim": "people and groups keep their ids",
}
"""Sources in which nothing that leads to records has a name that changes."""

NAMED = [source for source in SOURCES if source not in NO_NAMES]


def moved(read: Reading, new: str, *, is_listed: bool = True) -> Disturb:
    """The server after a move: the old name redirects to the new one, and records name the new one."""
    old_path, new_path = (re.compile(rf"(?<=/){_either(name)}(?=[/?]|$)") for name in (OLD, new))

    def answer(request: Request, _sound: Answer) -> Response:
        if old_path.search(request.target):
            location = old_path.sub(
                quote(new, safe="/" if "/repos/" in request.target else ""), request.target
            )
            return Response(b'{"message":"Moved Permanently"}', 301, {"location": location})
        asked = new_path.sub(lambda found: found[0].replace(*_same_form(found[0], new)), request.target)
        headers = {name: text for name, text in request.headers.items() if name != "if-none-match"}
        path = unquote(asked.partition("?")[0])
        response = read.vendor.answer_of(replace(request, target=asked, path=path, headers=headers))
        return _renamed(response, new) if is_listed else response

    return answer


def _either(name: str) -> str:
    return f"(?:{re.escape(name)}|{re.escape(quote(name, safe=''))})"


def _same_form(found: str, new: str) -> tuple[str, str]:
    if "%" in found:
        return quote(new, safe=""), quote(OLD, safe="")
    return new, OLD


def _renamed(response: Response, new: str) -> Response:
    links = response.headers.get("link", "")
    for form in (lambda name: name, lambda name: quote(name, safe="")):
        links = links.replace(form(OLD), form(new))
    headers = {**response.headers, "link": links, "etag": f'"{response.headers.get("etag")} of {new}"'}
    return replace(response, body=_named(response.body, new), headers=headers)


def _named(body: bytes, new: str) -> bytes:
    return re.sub(rb"acme/checkout(?![\w-])", new.encode(), body)


@pytest.mark.parametrize(
    ("source", "move"),
    [
        ("github", "renamed"),
        ("gitlab", "transferred"),
        pytest.param("github", "transferred", marks=pytest.mark.slow),
        pytest.param("github-graphql", "renamed", marks=pytest.mark.slow),
        pytest.param("github-graphql", "transferred", marks=pytest.mark.slow),
        pytest.param("gitlab", "renamed", marks=pytest.mark.slow),
    ],
)
def test_a_repository_that_moved_is_read_on_and_not_doubled(source: str, move: str) -> None:
    new = MOVES[move]
    expected = sound(source, "first run").current
    with reading(SOURCES[source], at=LATER) as read:
        read.run()
        read.vendor.disturb = moved(read, new)
        read.run()
        assert read.failures == []
        place = OLD if source.startswith("github") else new  # GitHub's keep the name they were first read by
        assert_moved(read, expected, lambda record: _named(record, new), place)


def test_a_listed_repository_is_read_on_under_its_old_name_by_redirects() -> None:
    with reading(SOURCES["github"], at=LATER, organisation=None, repositories=(OLD,)) as read:
        read.run()
        before = read.current()
        read.vendor.disturb = moved(read, RENAMED, is_listed=False)
        read.run()
        assert read.failures == []
        assert {request.target.count(RENAMED) for request in read.vendor.server.requests} == {0, 1}
        assert_moved(read, before, lambda record: record, OLD)


def assert_moved(read: Reading, expected: Current, named: Callable[[bytes], bytes], new: str) -> None:
    """Records with an id are there once; sets of a repository are there under one name."""
    held = read.current()
    for stream in read.source().streams:
        records, before = held[stream.name], expected[stream.name]
        if stream.mode is not Mode.REPLACE_SET and "@scope" not in stream.keys:
            assert records.keys() == before.keys(), stream.name
        there, then = (_of(each, name) for each, name in ((records, new), (before, OLD)))
        assert len(there) == len(then), stream.name
        # where nothing has changed but the name, what was read under the old one stays
        assert sorted(map(named, there)) == sorted(map(named, then)), stream.name


def _of(records: object, scope: str) -> list[bytes]:
    assert isinstance(records, dict)
    found = [each for each in records.values() if isinstance(each, Held) and each.place[0] == scope]
    return sorted(each.record for each in found)


def test_every_source_without_names_says_why() -> None:
    assert NO_NAMES.keys() <= SOURCES.keys()
    assert set(NAMED) == {"github", "github-graphql", "gitlab"}
