"""Before a run: does the source answer, accept the credentials, and share our time?"""

from collections.abc import Callable
from typing import Any

import msgspec

from connectors.errors import (
    ConnectorError,
    CredentialsRejectedError,
    TransientSourceError,
    UnreachableSourceError,
)
from connectors.http.origin import OWN_HOSTS
from connectors.http.session import Session
from connectors.reports import Diagnosis

_LARGEST_SKEW_SECONDS = 60.0

_anything: Callable[[bytes], Any] = msgspec.json.decode


async def diagnose(session: Session, probe: str) -> list[Diagnosis]:
    """Ask for one page that needs the credentials, and compare the clocks."""
    found = [await asked(session, "connection", probe)]
    skew = session.tally.clock_skew_seconds
    if skew is not None:
        found.append(clock(skew, host=session.origin.host))
    return found


async def asked(session: Session, name: str, path: str) -> Diagnosis:
    """Whether a page can be read."""
    try:
        await session.get(session.origin.url(path), read=_anything)
    except CredentialsRejectedError as error:
        return Diagnosis(
            "credentials",
            is_ok=False,
            message=str(error),
            remedy="Renew the credentials that the settings name.",
        )
    except ConnectorError as error:
        return failed(name, error)
    return Diagnosis(name, is_ok=True, message=f"{session.source} answers and accepts the credentials.")


def clock(skew_seconds: float, *, host: str) -> Diagnosis:
    """Compare clocks; a server on this machine shares ours, so a skew there is a time that it simulates."""
    is_close = abs(skew_seconds) <= _LARGEST_SKEW_SECONDS
    direction = "ahead of" if skew_seconds >= 0 else "behind"
    message = f"The local clock is {abs(skew_seconds):.0f} s {direction} the server's."
    if is_close or host in OWN_HOSTS:
        return Diagnosis("clock", is_ok=True, message=message)
    remedy = "Synchronise the clock: fetch times and windows rest on it."
    return Diagnosis("clock", is_ok=False, message=message, remedy=remedy)


def failed(name: str, error: ConnectorError) -> Diagnosis:
    """What is wrong, and who mends it."""
    if isinstance(error, UnreachableSourceError):
        name, remedy = "connection", "Correct base_url or proxy, or mend the way there."
    elif isinstance(error, TransientSourceError):
        remedy = "Try again later; if it stays so, look at base_url, the proxy and the network."
    else:
        remedy = "Correct the setting or the permission."
    return Diagnosis(name, is_ok=False, message=str(error), remedy=remedy)
