"""What of a request and its answer may be kept: no secret in a URL, and a short list of headers."""

import re
from collections.abc import Mapping

MASK = "***"

KEPT_HEADERS = frozenset(
    {
        "content-type",
        "date",
        "etag",
        "last-modified",
        "link",
        "location",
        "x-github-api-version-selected",
        "x-github-enterprise-version",
        "x-github-request-id",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "x-ratelimit-resource",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
        "x-next-page",
        "x-total",
        "x-total-count",
    }
)
"""Response headers that evidence keeps. Everything else is dropped, cookies first of all."""

_MASKED_NAMES = (
    "access_token|api[_-]?key|app[_-]?key|application[_-]?key|auth|authorization|client_secret|code|jwt|key|"
    "oauth_token|pass|passwd|password|private_token|pwd|refresh_token|secret|sig|signature|token|"
    "x-amz-signature|x-amz-credential|x-amz-security-token"
)
_SECRET_PARAMETER = re.compile(rf"(?i)([?&;]|^)({_MASKED_NAMES})=([^&;#>\s]*)")
_USER = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^/?#@\s]*@")


def redact_url(url: str) -> str:
    """The URL with user, password and secret query parameters masked; any text around URLs is left alone."""
    if "=" not in url and "@" not in url:
        return url
    without_user = _USER.sub(rf"\1{MASK}@", url)
    return _SECRET_PARAMETER.sub(rf"\1\2={MASK}", without_user)


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that evidence keeps, by lower-case name, with secrets in links masked."""
    kept: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.lower()
        if lower in KEPT_HEADERS:
            kept[lower] = redact_url(value) if lower in {"link", "location"} else value
    return kept
