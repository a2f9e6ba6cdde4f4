"""Planted secrets are searched for in everything that is written or said: none may be there."""

import base64
import json
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest

from connectors.errors import ConnectorError
from connectors.http.retries import RetryPolicy
from tests.connectors.matrix.runs import LATER, Reading, reading
from tests.connectors.matrix.sources import SOURCES, USER, MatrixSource
from tests.connectors.matrix.vendor import Answer, Disturb
from tests.connectors.workspace import FakeTime
from tests.replay.loopback import Request, Response

COOKIE, IN_LINK, IN_ERROR, IN_REDIRECT, PASSWORD, WRONG = (
    f"planted-{place}-93b1e7" for place in ("cookie", "link", "error", "redirect", "password", "wrong-token")
)
PLANTED = (COOKIE, IN_LINK, IN_ERROR, IN_REDIRECT, PASSWORD, WRONG)
_ERROR = f"See https://root:{PASSWORD}@help.example/?token={IN_ERROR} for why."


def secrets_of(spec: MatrixSource) -> set[str]:
    """The source's own secret in every form in which it travels, and what its server gives away."""
    pairs = {f"{USER}:{secret}" for secret in (spec.token, WRONG)}
    return {
        spec.token,
        quote(spec.token, safe=""),
        *(base64.b64encode(pair.encode()).decode() for pair in pairs),
        *PLANTED,
    }


def indiscreet(read: Reading) -> Disturb:
    """Answers with cookies, tokens in links and redirects, and refusals that quote addresses with tokens."""
    numbers = count()

    def answer(request: Request, sound: Answer) -> Response:
        if read.spec.is_bad(request):
            document = {"message": _ERROR, "errors": [_ERROR], "error": _ERROR, "errorMessages": [_ERROR]}
            return Response(json.dumps(document).encode(), 403)
        if next(numbers) % 5 == 0 and request.method == "GET" and IN_REDIRECT not in request.target:
            mark = "&" if "?" in request.target else "?"
            target = f"{request.target}{mark}access_token={IN_REDIRECT}"
            return Response(b"", 307, {"location": target})
        response = sound()
        link = response.headers.get("link", "")
        headers = {
            **response.headers,
            "set-cookie": f"session={COOKIE}",
            "x-csrf-token": COOKIE,
            "link": link.replace('>; rel="next"', f'&access_token={IN_LINK}>; rel="next"'),
        }
        return replace(response, headers={name: text for name, text in headers.items() if text})

    return answer


def repeating(request: Request, sound: Answer) -> Response:
    """Every answer holds the credentials somewhere."""
    del sound
    given = {name: text for name, text in request.headers.items() if name not in ("host", "accept")}
    said = json.dumps({"message": given, "error": str(given), "values": [given]}).encode()
    status = 200 if len(request.target) % 2 else 401
    return Response(
        said, status, {"link": f'<{request.target}>; rel="next"; title="{given}"', "etag": str(given)}
    )


def everything_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file as text, tables unpacked."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path), path.read_bytes().decode("latin-1")
            if path.suffix == ".parquet":
                yield f"rows of {path}", str(pq.read_table(path).to_pylist())
            if path.suffix == ".sqlite":
                with sqlite3.connect(path) as connection:
                    yield f"rows of {path}", "\n".join(connection.iterdump())


def assert_none_of(secrets: set[str], texts: Iterator[tuple[str, str]]) -> None:
    for place, text in texts:
        for secret in secrets:
            assert secret not in text, (secret, place)


def troubles(read: Reading) -> str:
    """Everything that the last run says about itself, and what a check says."""
    said = [
        f"{each.error!r} {each.error} {vars(each.error)} {each.error.__cause__!r}" for each in read.failures
    ]
    source = read.source()
    diagnoses = [str(diagnosis) for diagnosis in source.check()]
    return "\n".join([*said, *diagnoses, str(read.reports), repr(source), repr(vars(source))])


@pytest.mark.parametrize("source", SOURCES)
def test_no_secret_is_written_or_said(source: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    spec = SOURCES[source]
    policy = RetryPolicy(max_attempts=2, max_unreadable=2, max_limits=2)
    said: list[str] = []
    with reading(spec, at=LATER, folder=tmp_path, policy=policy) as read:
        for disturb in (indiscreet(read), repeating):
            read.vendor.disturb = disturb
            read.run()
            said.append(troubles(read))
        assert read.failures
        read.vendor.disturb = lambda _request, sound: sound()
        said.append(with_a_wrong_token(read))
        assert_none_of(secrets_of(spec), everything_in(tmp_path))
        assert any(read.store.committed_files())
    texts = [("what was said", "\n".join(said)), ("the log", caplog.text)]
    assert_none_of(secrets_of(spec), iter(texts))
    assert_none_of(secrets_of(spec), everything_in(tmp_path))


def with_a_wrong_token(read: Reading) -> str:
    """What a source says that is opened with a secret which the server refuses."""
    wrong = WrongToken(**{name: getattr(read.spec, name) for name in read.spec.__dataclass_fields__})
    source = wrong.open(read.base_url, read.store, FakeTime(now=LATER))
    said = [str(diagnosis) for diagnosis in source.check()]
    try:
        errors = [each.error for each in source.extract(source.streams[0].name, run_id="refused").failures]
    except ConnectorError as error:
        errors = [error]
    assert errors
    return "\n".join([*said, *map(str, errors), *map(repr, errors)])


class WrongToken(MatrixSource):
    """The same source with a secret that nobody lets in."""

    __slots__ = ()

    @property
    def token(self) -> str:
        return WRONG


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """A search that cannot fail shows nothing: a record with a secret in it is found in evidence."""
    spec = SOURCES["alertmanager"]
    body = json.dumps([{"name": COOKIE}]).encode()
    with reading(spec, at=LATER, folder=tmp_path) as read:
        read.vendor.disturb = lambda _request, _sound: Response(body)
        read.source().extract("receivers", run_id="run")
        read.store.close()
        with pytest.raises(AssertionError, match="receivers"):
            assert_none_of({COOKIE}, everything_in(tmp_path))
