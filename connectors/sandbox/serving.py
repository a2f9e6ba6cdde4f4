"""Serves a simulated organisation from a process of its own, so that a client has its core to itself."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from connectors.sandbox.faults import NO_FAULTS, FaultPlan
from connectors.sandbox.organisation import Organisation


class SandboxServerError(Exception):
    """The server's process did not start or is gone."""


class SandboxServer:
    """A running server.

    Attributes:
        base_url: Where the simulated GitHub answers.
        process_id: The server's process.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.process_id = process.pid
        self.base_url: str = self._read()["base_url"]

    def counters(self) -> dict[str, Any]:
        """What the server was asked so far: requests, not_modified, body_bytes, statuses."""
        return self._ask({"command": "counters"})

    def move_to(self, instant: datetime) -> None:
        """Let simulated time pass; it does not run backwards."""
        self._ask({"command": "move_to", "instant": int(instant.timestamp())})

    def rename(self, repository: str, new_name: str) -> None:
        """Rename a repository at the simulated GitHub; the old name redirects from now on.

        Raises:
            SandboxServerError: There is no such repository, or the new name is taken.
        """
        self._ask({"command": "rename", "repository": repository, "new_name": new_name})

    def stop(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._process.stdin is None or self._process.poll() is not None:
            raise SandboxServerError("The sandbox server is not running any more.")
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise SandboxServerError(
                f"The sandbox server ended with exit code {self._process.wait()} before it answered; "
                "its messages stand above."
            )
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise SandboxServerError(f"The sandbox server refused: {answer['error']}")
        return answer


@contextmanager
def serve(
    organisation: Organisation,
    *,
    port: int = 0,
    token: str | None = None,
    at: datetime | None = None,
    hourly_limit: int | None = 1_000_000,
    faults: FaultPlan = NO_FAULTS,
) -> Iterator[SandboxServer]:
    """Serve an organisation on 127.0.0.1 until the block ends, at the latest until this process does.

    The server plays the story itself from the same parameters, so nothing large is handed over.

    Args:
        organisation: What to serve.
        port: 0 lets the system choose.
        token: The one token that is let in; None lets everybody in.
        at: Simulated instant to begin with; the story's end by default.
        hourly_limit: Requests that an hour allows; None sends no limit headers.
        faults: What goes wrong on purpose.

    Raises:
        SandboxServerError: The server did not start.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "connectors.sandbox.server_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    request = {
        "parameters": organisation.parameters.to_document(),
        "port": port,
        "token": token,
        "at": int((at or organisation.ends_at).timestamp()),
        "hourly_limit": hourly_limit,
        "faults": faults.to_document(),
    }
    if process.stdin is not None:
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
    try:
        server = SandboxServer(process)
    except SandboxServerError:
        process.kill()
        process.wait()
        raise
    try:
        yield server
    finally:
        server.stop()
