"""Delivery of notices, each by a process of its own and within a bounded time."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from orchestration.alerts.notices import Notice
from orchestration.settings.alerts import AlertChannel

PATIENCE_SECONDS = 20.0


def deliver(
    notices: Sequence[tuple[AlertChannel, Notice]],
    *,
    environment: Mapping[str, str],
    patience_seconds: float = PATIENCE_SECONDS,
) -> Iterator[tuple[AlertChannel, Notice, str | None]]:
    """Send notices to their channels, all at once, and yield each as it is known what became of it.

    Args:
        notices: What each channel is told.
        environment: Where the addresses are.
        patience_seconds: How long all of it may take; what is not accepted by then is not delivered.

    Yields:
        The channel, the notice, and why it was not accepted, or None. No part of an address is in it.
    """
    begun = [(channel, notice, _begin(channel, notice, environment)) for channel, notice in notices]
    until = time.monotonic() + patience_seconds
    try:
        for channel, notice, started in begun:
            if isinstance(started, str):
                yield channel, notice, started
            else:
                yield channel, notice, _end(started, until, patience_seconds)
    finally:
        for _, _, started in begun:
            if not isinstance(started, str):
                _kill(started)


def _begin(
    channel: AlertChannel, notice: Notice, environment: Mapping[str, str]
) -> "subprocess.Popen[str] | str":
    address = environment.get(channel.url_env, "").strip()
    if not address:
        return f"the environment variable {channel.url_env} is not set or empty"
    asked = {"url": address, "title": notice.title, "body": notice.body, "kind": notice.kind}
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestration.alerts.sending"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    except OSError as error:
        return f"no process could be started: {error.strerror}"
    if process.stdin is not None:
        with suppress(OSError):  # it has died already; its answer will be missing
            process.stdin.write(json.dumps(asked))
            process.stdin.close()
        process.stdin = None
    return process


def _end(process: "subprocess.Popen[str]", until: float, patience_seconds: float) -> str | None:
    try:
        answer, _ = process.communicate(timeout=max(until - time.monotonic(), 0.0))
    except subprocess.TimeoutExpired:
        return f"nobody accepted it within {patience_seconds:.0f} s"
    try:
        problem: str | None = json.loads(answer)["problem"]
    except (ValueError, KeyError, TypeError):
        return f"the sending process ended with code {process.returncode}"
    return problem


def _kill(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.kill()
        process.communicate()
