"""Before a run: does GitHub answer, accept the token, and show what the settings name?"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from connectors.errors import ConnectorError, CredentialsRejectedError, PermanentSourceError
from connectors.github.config import GitHubConfig
from connectors.http.answers import Answer
from connectors.http.checks import clock, failed
from connectors.http.session import Session
from connectors.reports import Diagnosis

_NOT_FOUND = 404
_CLASSIC_SCOPES = ("repo", "read:org")

_anything: Callable[[bytes], Any] = msgspec.json.decode


class _Core(msgspec.Struct):
    limit: int = 0
    remaining: int = 0
    reset: int = 0


class _Resources(msgspec.Struct):
    core: _Core


class _RateLimit(msgspec.Struct):
    resources: _Resources


async def diagnose(session: Session, config: GitHubConfig) -> list[Diagnosis]:
    """Ask for the rate limit (which costs nothing), then for the organisation and the first repository."""
    found: list[Diagnosis] = []
    found.append(await _credentials(session, config, found))
    if found[-1].is_ok:
        if config.organisation:
            found.append(await _visible(session, "organisation", f"/orgs/{config.organisation}"))
        if config.repositories:
            found.append(await _visible(session, "repository", f"/repos/{config.repositories[0]}"))
    if session.tally.clock_skew_seconds is not None:
        found.append(clock(session.tally.clock_skew_seconds, host=session.origin.host))
    return found


async def _credentials(session: Session, config: GitHubConfig, found: list[Diagnosis]) -> Diagnosis:
    try:
        answer, limit = await session.get(
            session.origin.url("/rate_limit"), read=msgspec.json.Decoder(_RateLimit).decode
        )
    except CredentialsRejectedError as error:
        return Diagnosis("credentials", is_ok=False, message=str(error), remedy="Renew the token.")
    except PermanentSourceError as error:
        if error.status == _NOT_FOUND:
            return Diagnosis("credentials", is_ok=True, message="The server answers; it sets no rate limit.")
        return failed("credentials", error)
    except ConnectorError as error:
        return failed("connection", error)
    found.extend(_scopes(answer))
    core = limit.resources.core if limit is not None else _Core()
    reset = datetime.fromtimestamp(core.reset, UTC)
    rate = f"{core.remaining} of {core.limit} requests left until {reset:%H:%M} UTC"
    if config.token is None and config.paced_per_minute is not None:
        return Diagnosis(
            "credentials",
            is_ok=False,
            message=f"No token is set: {rate}.",
            remedy="Set token_env in the source's settings and put a token into that variable.",
        )
    return Diagnosis("credentials", is_ok=True, message=f"The server accepts the requests: {rate}.")


def _scopes(answer: Answer) -> list[Diagnosis]:
    """Classic tokens tell their scopes; fine-grained tokens and apps do not."""
    granted = answer.header("x-oauth-scopes")
    if granted is None:
        return []
    names = {name.strip() for name in granted.split(",") if name.strip()}
    covered = names | ({"read:org"} if names & {"admin:org", "write:org"} else set())
    missing = [name for name in _CLASSIC_SCOPES if name not in covered]
    return [
        Diagnosis(
            "scopes",
            is_ok=not missing,
            message=f"The token has the scopes {', '.join(sorted(names)) or 'none'}.",
            remedy=f"Grant {', '.join(missing)} to read private repositories and teams." if missing else "",
        )
    ]


async def _visible(session: Session, kind: str, path: str) -> Diagnosis:
    try:
        await session.get(session.origin.url(path), read=_anything)
    except ConnectorError as error:
        return failed(kind, error)
    return Diagnosis(kind, is_ok=True, message=f"The {kind} {path.partition('s/')[2]} can be read.")
