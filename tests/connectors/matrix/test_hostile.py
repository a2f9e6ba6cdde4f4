"""Servers that mean harm, in place of every API: no hang, no credential elsewhere, nothing of theirs kept."""

import gzip
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

import pytest

from connectors.errors import ConnectorError
from connectors.http.connections import Network
from connectors.http.retries import RetryPolicy
from tests.connectors.matrix.faults import list_in
from tests.connectors.matrix.runs import LATER, Reading, reading
from tests.connectors.matrix.sources import SOURCES
from tests.connectors.matrix.test_matrix import assert_same, elsewhere
from tests.connectors.matrix.vendor import Answer
from tests.connectors.workspace import landed
from tests.replay.loopback import Request, Response

IMPATIENT = RetryPolicy(max_attempts=2, max_unreadable=2, max_limits=2)
BOMB = gzip.compress(b"[" + b" " * 70_000_000 + b"]")
FOREIGN = "http://evil.example/collect"
Trick = Callable[[Request], Response]


def _json(body: bytes, **headers: str) -> Response:
    return Response(body, headers={name.replace("_", "-"): text for name, text in headers.items()})


def _here(request: Request, path: str) -> str:
    return f"http://{request.headers['host']}{path}"


TRICKS: Mapping[str, tuple[Trick, str]] = {
    "a gzip bomb": (lambda _: _json(BOMB, content_encoding="gzip"), "larger than"),
    "a gzip stream that ends early": (
        lambda _: _json(gzip.compress(b"[]" * 900)[:-9], content_encoding="gzip"),
        "cut short or damaged",
    ),
    "an encoding nobody asked for": (lambda _: _json(b"[]", content_encoding="br"), "cut short or damaged"),
    "a flood of headers": (
        lambda _: Response(b"[]", headers={f"x-{number}": "y" * 4000 for number in range(200)}),
        "could not be read",
    ),
    "a redirect to another host": (lambda _: Response(b"", 302, {"location": FOREIGN}), "is not on"),
    "a redirect to another scheme": (
        lambda request: Response(b"", 307, {"location": f"https://{request.headers['host']}/"}),
        "is not on",
    ),
    "redirects without end": (
        lambda request: Response(b"", 302, {"location": request.target + "&more"}),
        "times in a row without an answer",
    ),
    "HTML": (lambda _: _json(b"<html>", content_type="text/html"), "something else than the API"),
    "JSON in which brackets never end": (lambda _: _json(b"[" * 100_000), ""),
    "numbers without end": (lambda _: _json(b'[{"id":1e' + b"9" * 5000 + b"}]"), ""),
    "JSON of another shape": (lambda _: _json(b'"hello"'), "another shape than documented"),
    "a status that does not exist": (lambda _: Response(b"{}", 418), "HTTP 418"),
    "the credentials in a record": (
        lambda request: _json(b'[{"id":1,"echo":"%s"}]' % _credentials(request)),
        "repeats the credentials",
    ),
    "the credentials in an error": (
        lambda request: Response(b'{"message":"Bad: %s"}' % _credentials(request), 400),
        "repeats the credentials",
    ),
    "the credentials in a link": (
        lambda request: _json(b"[]", link=f"<{_here(request, '/x')}?x={_credentials(request).decode()}>"),
        "repeats the credentials",
    ),
    "the credentials in a redirect": (
        lambda request: Response(b"", 302, {"location": f"{FOREIGN}/{_credentials(request).decode()}"}),
        "repeats the credentials",
    ),
}  # fmt: skip
_CREDENTIALS = ("authorization", "private-token", "circle-token", "dd-api-key")


def _credentials(request: Request) -> bytes:
    given = next(request.headers[name] for name in _CREDENTIALS if name in request.headers)
    return given.rpartition(" ")[2].removeprefix("token=").encode()


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("source", SOURCES)
def test_a_server_that_plays_tricks_gets_nothing_and_leaves_nothing(source: str, trick: str) -> None:
    answer, says = TRICKS[trick]
    with reading(SOURCES[source], at=LATER, policy=IMPATIENT) as read:
        read.vendor.disturb = lambda request, _sound: answer(request)
        first = read.source().streams[0].name
        try:
            messages = [str(each.error) for each in read.source().extract(first, run_id="run").failures]
        except ConnectorError as error:
            messages = [str(error)]
        assert messages
        assert all(says in message for message in messages)
        assert read.spec.token not in "".join(messages)
        assert landed(read.store, first) == []
        assert len(read.vendor.server.requests) < 30


@pytest.mark.parametrize("source", ["argocd", "prometheus"])
@pytest.mark.parametrize("trick", ["a gzip bomb", "a flood of headers"])
def test_what_is_played_on_one_scope_does_not_touch_the_others(source: str, trick: str) -> None:
    with reading(SOURCES[source], at=LATER) as sound:
        sound.run()
        expected = elsewhere(sound.current(), sound.spec)
    with reading(SOURCES[source], at=LATER, policy=IMPATIENT) as read:
        play_on_one_scope(read, TRICKS[trick][0])
        read.run()
        assert read.failures
        assert_same(elsewhere(read.current(), read.spec), expected)


def play_on_one_scope(read: Reading, trick: Trick) -> None:
    def answer(request: Request, sound: Answer) -> Response:
        return trick(request) if read.spec.is_bad(request) else sound()

    read.vendor.disturb = answer


def test_a_body_that_drips_for_ever_costs_its_own_scope_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.http.source.Network", partial(Network, total_seconds=0.3))
    with reading(SOURCES["argocd"], at=LATER, policy=IMPATIENT) as read:
        play_on_one_scope(read, lambda _: Response(b" " * 10_000, drip_seconds=0.02))
        read.run()
        (failure,) = read.failures
        assert failure.scope == "payments"
        assert "could not be read" in str(failure.error)
        assert len(read.current()["applications"]) == 2


@pytest.mark.parametrize("source", ["github", "gitlab"])
def test_links_that_lead_through_other_streams_are_not_followed(source: str) -> None:
    """Pull requests whose next page is issues, whose next page is pull requests: neither is the other's."""
    pulls, issues = {"github": ("pulls", "issues"), "gitlab": ("merge_requests", "pipelines")}[source]
    stream = {"github": "pull_requests", "gitlab": "merge_requests"}[source]
    with reading(SOURCES[source], at=LATER) as read:
        read.run()
        held = read.current()[stream]
        read.move_to(LATER + timedelta(hours=2))

        def crossed(request: Request, sound: Answer) -> Response:
            response, (folder, _, name) = sound(), request.path.rpartition("/")
            if name not in (pulls, issues):
                return response
            other = _here(request, f"{folder}/{issues if name == pulls else pulls}?page=2")
            link = {"link": f'<{other}>; rel="next"', "x-next-page": "2"}
            return Response(response.body, response.status, {**response.headers, **link, "etag": '"x"'})

        read.vendor.disturb = crossed
        report = read.source().extract(stream, run_id="crossed")
        assert report.failures
        assert all("another listing" in str(failure.error) for failure in report.failures)
        assert read.current()[stream].keys() >= held.keys()
        bodies = [row["body"] for row in landed(read.store, stream)]
        assert not any(b"head_sha" in body or b'"yaml_errors"' in body for body in bodies)


def test_the_lists_of_bodies_are_found() -> None:
    """The spoilers of the matrix must find the records that they spoil."""
    assert list_in({"schemas": ["urn"], "values": [{"id": 1}]}) == [{"id": 1}]
    assert list_in([1]) == [1]
    assert list_in({"message": "No."}) == []
