"""Access as a GitHub App: a signed statement gets a token for one installation, good for an hour.

docs.github.com, "Generating an installation access token for a GitHub App". Tokens are renewed some minutes
before they run out and after a refusal; nothing is assumed about their length or form.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt
import msgspec

from connectors.errors import (
    ConnectorError,
    CredentialsRejectedError,
    TransientSourceError,
    UnreachableSourceError,
)
from connectors.http.answers import http_date
from connectors.http.connections import Network
from connectors.http.origin import Origin
from connectors.runtime import Runtime

_STATEMENT_LASTS = timedelta(minutes=9)  # GitHub accepts ten
_BACKDATED = timedelta(seconds=60)  # GitHub's advice against clocks that differ a little
_RENEWED_BEFORE = timedelta(minutes=5)
_ATTEMPTS = 3
_FIRST_WAIT_SECONDS = 2.0
_UNAUTHORIZED = 401
_SERVER_ERRORS = 500


@dataclass(frozen=True, slots=True)
class App:
    """A GitHub App, as its settings page names it.

    Attributes:
        id: The App's id or client id.
        private_key: Its private key, PEM.
        installation_id: Which installation to act as; None for the one of the organisation or repository.
    """

    id: str
    private_key: str = field(repr=False)
    installation_id: int | None = None


class _Token(msgspec.Struct):
    token: str
    expires_at: datetime


class _Installation(msgspec.Struct):
    id: int


class AppCredentials:
    """Headers with the token of an installation, fresh enough for the next request.

    Args:
        app: Who asks.
        source: Name of the source, for errors.
        origin: Where the API lives.
        network: How it is reached.
        account: Path of what the App is installed on: `/orgs/acme` or `/repos/acme/shop`.
        headers: Version and format of the API.
        runtime: Clock and waiting.
    """

    def __init__(
        self,
        app: App,
        *,
        source: str,
        origin: Origin,
        network: Network,
        account: str,
        headers: Mapping[str, str],
        runtime: Runtime,
    ) -> None:
        self._app = app
        self._source = source
        self._origin = origin
        self._network = network
        self._account = account
        self._headers = dict(headers)
        self._runtime = runtime
        self._token: _Token | None = None
        self._installation_id = app.installation_id
        self._skew = timedelta()
        self._turn: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None

    async def headers(self) -> Mapping[str, str]:
        """The token's header; a token that is about to run out is replaced first."""
        token = self._token
        if token is None or token.expires_at - _RENEWED_BEFORE <= self._now():
            token = await self._replace(token)
        return {"authorization": f"Bearer {token.token}"}

    async def renew(self) -> bool:
        """Get another token after a refusal."""
        await self._replace(self._token)
        return True

    def _now(self) -> datetime:
        """The server's time, as far as it is known to differ from ours."""
        return self._runtime.clock() + self._skew

    async def _replace(self, refused: _Token | None) -> _Token:
        """A token that is not the refused one; of many requests that wait for it, one asks."""
        async with self._lock():
            if self._token is None or self._token is refused:
                installation = await self._installation()
                path = f"/app/installations/{installation}/access_tokens"
                self._token = msgspec.convert(await self._ask("POST", path), _Token)
            return self._token

    def _lock(self) -> asyncio.Lock:
        """A lock belongs to one event loop, and each stream is read in a loop of its own."""
        loop = asyncio.get_running_loop()
        if self._turn is None or self._turn[0] is not loop:
            self._turn = (loop, asyncio.Lock())
        return self._turn[1]

    async def _installation(self) -> int:
        if self._installation_id is None:
            found = await self._ask("GET", f"{self._account}/installation")
            self._installation_id = msgspec.convert(found, _Installation).id
        return self._installation_id

    async def _ask(self, method: str, path: str) -> Any:
        """One answer to a signed statement; patient with a failing server, once with clocks that differ."""
        reason, is_reached = "", True
        for attempt in range(_ATTEMPTS):
            try:
                response = await self._send(method, path)
            except httpx.HTTPError as error:
                reason = str(error) or type(error).__name__
                is_reached = not isinstance(
                    error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError
                )
            else:
                is_reached = True
                if response.is_success:
                    return response.json()
                if response.status_code < _SERVER_ERRORS and not self._has_learned_the_time(response):
                    raise self._refused(path, response)
                reason = f"HTTP {response.status_code}"
            await self._runtime.sleep(_FIRST_WAIT_SECONDS * 2**attempt)
        kind = TransientSourceError if is_reached else UnreachableSourceError
        raise kind(
            f"No token for the GitHub App could be had in {_ATTEMPTS} attempts ({reason}). "
            + ("Run again later." if is_reached else "Look at base_url, the proxy and the network."),
            source=self._source,
            page=self._origin.url(path),
        )

    async def _send(self, method: str, path: str) -> httpx.Response:
        headers = self._headers | {"authorization": f"Bearer {self._statement()}", "user-agent": "assay"}
        verify = True if self._network.ca_file is None else str(self._network.ca_file)
        async with httpx.AsyncClient(
            trust_env=False,
            verify=httpx.create_ssl_context(verify=verify, trust_env=False),
            proxy=self._network.proxy,
            timeout=self._network.read_seconds,
        ) as client:
            return await client.request(method, self._origin.url(path), headers=headers)

    def _statement(self) -> str:
        now = self._now()
        claims = {"iat": now - _BACKDATED, "exp": now + _STATEMENT_LASTS, "iss": self._app.id}
        return jwt.encode(claims, self._app.private_key, algorithm="RS256")

    def _has_learned_the_time(self, response: httpx.Response) -> bool:
        """Whether a refusal may be due to our clock, which is set right by the server's then."""
        told = http_date(response.headers.get("date"))
        if response.status_code != _UNAUTHORIZED or told is None:
            return False
        skew = told - self._runtime.clock()
        is_news = abs(skew - self._skew) > _BACKDATED
        self._skew = skew if is_news else self._skew
        return is_news

    def _refused(self, path: str, response: httpx.Response) -> ConnectorError:
        remedies = {
            401: "Check app_id and the private key: a key that was revoked no longer counts.",
            403: "The installation is suspended or the App may not do this: ask the organisation's owner.",
            404: "The App is not installed there: install it, or mend installation_id.",
        }
        return CredentialsRejectedError(
            f"GitHub gives the App {self._app.id} no token (HTTP {response.status_code}). "
            + remedies.get(response.status_code, "Check the App's settings."),
            source=self._source,
            page=self._origin.url(path),
            status=response.status_code,
        )


def check_private_key(text: str) -> None:
    """Refuse what is no private key.

    Raises:
        ValueError: With what is wrong; never with the key.
    """
    try:
        jwt.encode({}, text, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        raise ValueError("it is not a private RSA key in PEM format") from None
