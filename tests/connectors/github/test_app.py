"""Access as a GitHub App: statements that GitHub can check, tokens of any length that run out."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.errors import CredentialsRejectedError, PermanentSourceError, TransientSourceError
from connectors.github.app import App
from connectors.github.settings import GitHubSettings
from connectors.kinds import Opening
from connectors.sources import open_source
from tests.connectors.github.small_github import SmallGitHub, pull
from tests.connectors.workspace import FakeTime, open_store
from tests.replay.loopback import Request, Response

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
TOKEN_LASTS = timedelta(hours=1)


@dataclass
class AppServer:
    """Lets in whoever has a token that has not run out; gives tokens for good statements.

    Attributes:
        time: Our clock.
        ahead: How far the server's clock is ahead of ours.
    """

    time: FakeTime
    ahead: timedelta = timedelta()
    given: list[str] = field(default_factory=list)
    expiries: dict[str, float] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    failures: int = 0
    status: int = 201

    def __call__(self, request: Request) -> Response | None:
        date = {"Date": format_datetime((self.time.now + self.ahead), usegmt=True)}
        if request.path == "/orgs/acme/installation":
            return Response(b'{"id": 77}', headers=date) if self._is_signed(request) else self._no(date)
        if request.path == "/app/installations/77/access_tokens":
            if self.failures:
                self.failures -= 1
                return Response(status=502)
            if not self._is_signed(request):
                return self._no(date)
            return self._token(date)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.expiries.get(token, 0.0) <= self.time.monotonic():
            self.refused.append(request.path)
            return self._no(date)
        return None

    def _no(self, date: dict[str, str]) -> Response:
        return Response(b'{"message": "Bad credentials"}', 401, date)

    def _is_signed(self, request: Request) -> bool:
        text = request.headers["authorization"].removeprefix("Bearer ")
        claims = jwt.decode(
            text, KEY.public_key(), algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False}
        )
        now = (self.time.now + self.ahead).timestamp()
        is_now = claims["iat"] <= now < claims["exp"] <= now + 600
        return bool(claims["iss"] == "42" and is_now)

    def _token(self, date: dict[str, str]) -> Response:
        token = f"ghs_42_{len(self.given)}_" + "eyJ" * 700
        expires = self.time.now + self.ahead + TOKEN_LASTS
        self.given.append(token)
        self.expiries[token] = (self.time.now + TOKEN_LASTS).timestamp()
        body = {"token": token, "expires_at": expires.isoformat().replace("+00:00", "Z")}
        return Response(json.dumps(body).encode(), self.status, date)


def served(time: FakeTime, **settings: object) -> tuple[SmallGitHub, AppServer]:
    github = SmallGitHub()
    server = AppServer(time, **settings)  # type: ignore[arg-type]
    github.fault = server
    github.put("pulls", *[pull(number, updated=number) for number in range(1, 4)])
    for number in range(1, 4):
        github.put(f"pulls/{number}/reviews", {"id": number})
    return github, server


ACTING = {"token": None, "organisation": "acme", "app": App("42", PEM)}


def test_many_requests_share_one_token_whatever_its_length(tmp_path: Path) -> None:
    time = FakeTime()
    github, server = served(time)
    with github.server, open_store(tmp_path) as store:
        source = github.source(store, time, **ACTING)
        source.extract("pull_requests", run_id="a")
        report = source.extract("reviews", run_id="a")
    assert report.failures == ()
    assert len(server.given) == 1
    assert len(server.given[0]) > 2000
    assert server.refused == []


def test_a_token_is_replaced_before_it_runs_out(tmp_path: Path) -> None:
    time = FakeTime()
    github, server = served(time)
    with github.server, open_store(tmp_path) as store:
        source = github.source(store, time, **ACTING)
        source.extract("pull_requests", run_id="a")
        time.now += timedelta(minutes=56)
        source.extract("reviews", run_id="a")
    assert len(server.given) == 2
    assert server.refused == []


def test_a_token_that_was_revoked_in_mid_run_is_replaced_and_nothing_is_lost(tmp_path: Path) -> None:
    time = FakeTime()
    github, server = served(time)
    with github.server, open_store(tmp_path) as store:
        source = github.source(store, time, **ACTING)
        source.extract("pull_requests", run_id="a")
        server.expiries.clear()
        report = source.extract("reviews", run_id="a")
    assert (report.failures, report.records) == ((), 3)
    assert len(server.given) == 2


@pytest.mark.parametrize("hours", [-5, 5])
def test_clocks_that_differ_by_hours_do_not_keep_an_app_out(tmp_path: Path, hours: int) -> None:
    time = FakeTime()
    github, server = served(time, ahead=timedelta(hours=hours))
    with github.server, open_store(tmp_path) as store:
        report = github.source(store, time, **ACTING).extract("pull_requests", run_id="a")
    assert report.records == 3
    assert len(server.given) == 1


def test_a_server_that_fails_for_a_moment_is_asked_again_for_a_token(tmp_path: Path) -> None:
    time = FakeTime()
    github, server = served(time, failures=2)
    with github.server, open_store(tmp_path) as store:
        assert github.source(store, time, **ACTING).extract("pull_requests", run_id="a").records == 3
        server.failures = 9
        server.expiries.clear()
        with pytest.raises(TransientSourceError, match="No token for the GitHub App"):
            github.source(store, time, **ACTING).extract("pull_requests", run_id="b")


def test_an_app_that_is_refused_says_what_to_do_and_never_its_key(tmp_path: Path) -> None:
    time = FakeTime()
    github, _ = served(time)
    with github.server, open_store(tmp_path) as store:
        other = {**ACTING, "app": App("43", PEM)}
        with pytest.raises(CredentialsRejectedError, match="revoked") as refused:
            github.source(store, time, **other).extract("pull_requests", run_id="a")
        assert "PRIVATE" not in repr(refused.value) + str(refused.value)
        assert "PRIVATE" not in repr(other["app"])
        with pytest.raises(PermanentSourceError, match="not a private RSA key"):
            github.source(store, time, **{**ACTING, "app": App("42", "nonsense")})


def test_the_settings_name_the_key_and_need_no_token(tmp_path: Path) -> None:
    time = FakeTime()
    github, server = served(time)
    (tmp_path / "app.pem").write_text(PEM)
    keyed = {"app_key_env": "APP_KEY"}, {"app_key_file": "app.pem"}
    with github.server, open_store(tmp_path) as store:
        for number, key in enumerate(keyed):
            settings = GitHubSettings.model_validate(
                {
                    "name": f"github{number}",
                    "kind": "github",
                    "base_url": github.server.base_url,
                    "organisation": "acme",
                    "repositories": ["acme/shop"],
                    "app_id": 42,
                    **key,
                }
            )
            assert set(settings.variables) <= {"app_key_env"}
            opening = Opening(store=store, runtime=time.runtime(), secrets={"APP_KEY": PEM}, folder=tmp_path)
            source = open_source(settings, opening)
            assert source.extract("pull_requests", run_id="a").records == 3
    assert len(server.given) == 2


def test_half_an_app_is_refused() -> None:
    with pytest.raises(ValueError, match="needs app_id and its private key"):
        GitHubSettings(name="github", kind="github", organisation="acme", app_id="42")
