"""The one scheme, host and port that may see the credentials."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx

from connectors.errors import ForeignHostError, PermanentSourceError
from connectors.http.redaction import redact_url

_PLAIN_TARGET = re.compile(r"/[A-Za-z0-9\-._~:/?&=%+,;@!$'()*]*")
_DEFAULT_PORTS = {"http": 80, "https": 443}

OWN_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
"""This machine: a server on it shares our clock, so another time there is one that it simulates."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a source, and the path that its API starts with."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, base_url: str) -> "Origin":
        """The origin of a configured base URL.

        Raises:
            PermanentSourceError: It is not an absolute http(s) URL, or carries credentials, a query or a
                fragment.
        """
        scheme, host, port, url = _parse(base_url)
        if url.userinfo or url.query or url.fragment:
            raise PermanentSourceError(
                f"The base URL {redact_url(base_url)} must be scheme, host, port and path only. Remove user, "
                "password, query and fragment; the token has a setting of its own."
            )
        return cls(scheme=scheme, host=host, port=port, path=url.path.rstrip("/"))

    @property
    def host_header(self) -> str:
        """The value of the `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def url(self, path: str) -> str:
        """The absolute URL of a path below the base URL."""
        return f"{self.scheme}://{self.host_header}{self.path}{path}"

    def target(self, url: str) -> bytes:
        """Path and query of a URL on this origin, as they go over the wire."""
        prefix = f"{self.scheme}://{self.host_header}"
        if url.startswith(prefix + "/") and _PLAIN_TARGET.fullmatch(url, len(prefix)):
            return url[len(prefix) :].encode("ascii")
        return httpx.URL(url).raw_path

    def holds(self, url: str) -> bool:
        """Whether the URL has this scheme, host and port and no user of its own."""
        try:
            scheme, host, port, parsed = _parse(url)
        except PermanentSourceError:
            return False
        return (scheme, host, port) == (self.scheme, self.host, self.port) and not parsed.userinfo

    def follow(self, target: str, *, seen_at: str, source: str, stream: str) -> str:
        """The absolute URL that a redirect or next link names, if it stays on this origin.

        Args:
            target: The link as the server gave it, absolute or relative.
            seen_at: URL of the answer that carried it.
            source: Name of the source, for the error.
            stream: Name of the stream, for the error.

        Raises:
            ForeignHostError: It leads to another scheme, host or port.
        """
        try:
            url = urljoin(seen_at, target)
        except ValueError:
            url = target
        if self.holds(url):
            return url.partition("#")[0]
        raise ForeignHostError(
            f"The server pointed to {redact_url(url)}, which is not on {self.scheme}://{self.host_header}. "
            "The request was not sent, so no credential left the configured host. If the service has "
            "moved, change base_url.",
            source=source,
            stream=stream,
            page=redact_url(seen_at),
        )


def _parse(text: str) -> tuple[str, str, int, httpx.URL]:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise PermanentSourceError(f"{text!r} is not a URL: {error}.") from error
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        raise PermanentSourceError(
            f"{redact_url(text)!r} is not an absolute http or https URL, such as https://api.github.com."
        )
    return url.scheme, url.host, url.port or _DEFAULT_PORTS[url.scheme], url
