"""Delivering events: into a file of JSON lines, or to an HTTP endpoint for which nobody waits.

The endpoint is fed by a thread of its own. After its first failure nothing more is sent: a run never waits
for it, and what was not delivered is told once.
"""

import queue
import threading
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from openlineage.client.event_v2 import RunEvent
from openlineage.client.transport.file import FileConfig, FileTransport
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport, TokenProvider

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class PostRefusedError(ValueError):
    """An endpoint that no key may be sent to."""


class Delivery(Protocol):
    """Takes events; neither call raises for what goes wrong outside."""

    def send(self, event: RunEvent) -> None:
        """Take one event; it may be delivered later."""

    def close(self, *, wait_seconds: float) -> str | None:
        """Deliver what is left, and return what is to be told of what was not."""


class EventFile:
    """Appends events to a file, one JSON document a line.

    Args:
        path: The file; its folder is made.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._transport = FileTransport(FileConfig(log_file_path=str(path), append=True))
        self._path = path
        self._trouble: str | None = None

    def send(self, event: RunEvent) -> None:
        """Write one event."""
        if self._trouble is not None:
            return
        try:
            self._transport.emit(event)
        except RuntimeError as error:
            self._trouble = f"OpenLineage: events could not be written to {self._path.name}: {error}"

    def close(self, *, wait_seconds: float) -> str | None:
        """Return what went wrong; nothing is waiting."""
        del wait_seconds
        return self._trouble


class EventPost:
    """Posts events to an endpoint of the standard (`…/api/v1/lineage`).

    Args:
        url: The endpoint's address without the path.
        api_key: What it is asked with; it goes to this address alone, and redirects are not followed.
        timeout_seconds: How long one event may take.

    Raises:
        PostRefusedError: a key would travel unencrypted to another machine.
    """

    def __init__(self, url: str, *, api_key: str | None, timeout_seconds: float = 3.0) -> None:
        parts = urlsplit(url)
        if api_key and parts.scheme != "https" and parts.hostname not in _LOCAL:
            raise PostRefusedError(
                f"the OpenLineage endpoint {parts.hostname} is asked without TLS, so its key would be read "
                "on the way. Use https, or leave the key out"
            )
        auth = ApiKeyTokenProvider({"apiKey": api_key}) if api_key else TokenProvider({})
        config = HttpConfig(url=url, timeout=timeout_seconds, auth=auth, retry={"total": 0})
        self._transport = HttpTransport(config)
        session: Any = self._transport.session
        session.max_redirects = 0
        self._waiting: queue.SimpleQueue[RunEvent | None] = queue.SimpleQueue()
        self._host = parts.hostname or url
        self._trouble: str | None = None
        self._sent = self._taken = 0
        self._thread = threading.Thread(target=self._work, name="openlineage", daemon=True)
        self._thread.start()

    def send(self, event: RunEvent) -> None:
        """Queue one event; nothing is queued after the first failure."""
        self._taken += 1
        if self._trouble is None:
            self._waiting.put(event)

    def close(self, *, wait_seconds: float) -> str | None:
        """Wait for what is queued, not longer than that, and return what is to be told."""
        self._waiting.put(None)
        self._thread.join(wait_seconds)
        missing = self._taken - self._sent
        if not missing:
            return None
        why = self._trouble or "it is slow"
        return f"OpenLineage: {missing} of {self._taken} events did not reach {self._host}: {why}"

    def _work(self) -> None:
        while True:
            event = self._waiting.get()
            if event is None:
                break
            if self._trouble is not None:
                continue
            try:
                self._transport.emit(event)
                self._sent += 1
            except Exception as error:  # noqa: BLE001 - whatever the endpoint does, the run goes on
                self._trouble = _spelled(error)
        self._transport.close()


def _spelled(error: Exception) -> str:
    """Name an error without its text, which may hold the address and what was sent."""
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    return f"it answered {status}" if status else type(error).__name__
