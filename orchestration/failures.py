"""What happens when a run fails: a line in a file, and whatever the settings ask for beside it."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from orchestration.settings import Settings
from orchestration.workspace import Workspace

_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class RunFailure:
    """A run that did not reach its end."""

    run_id: str
    workspace: str
    failed_at: str
    message: str
    steps: tuple[str, ...]


def note_success(workspace: Workspace, *, run_id: str, ended_at: str) -> None:
    """Remember the last run that reached its end, in `data/last_good_run.json`: failures before it are over.

    Args:
        workspace: Whose run.
        run_id: Which.
        ended_at: When, as `RunFailure.failed_at` is written.
    """
    file = workspace.last_good_run
    incoming = file.with_suffix(".incoming")
    incoming.write_text(json.dumps({"run_id": run_id, "ended_at": ended_at}), encoding="utf-8")
    incoming.replace(file)


def standing_failure(workspace: Workspace) -> dict[str, Any] | None:
    """Return the last failure, unless a run has reached its end since."""
    if not workspace.failures.exists():
        return None
    lines = workspace.failures.read_text(encoding="utf-8").splitlines()
    if not lines:
        return None
    last: dict[str, Any] = json.loads(lines[-1])
    if not workspace.last_good_run.exists():
        return last
    good: dict[str, str] = json.loads(workspace.last_good_run.read_text(encoding="utf-8"))
    ended_at, failed_at = (datetime.fromisoformat(text) for text in (good["ended_at"], last["failed_at"]))
    return None if ended_at > failed_at else last


def report_failure(
    workspace: Workspace, settings: Settings, failure: RunFailure, *, environment: Mapping[str, str]
) -> list[str]:
    """Append the failure to `data/run_failures.ndjson`, run the command and call the webhook of the settings.

    Returns:
        What could not be delivered, one line each; a failing alarm must not hide the failure itself.
    """
    document = asdict(failure)
    workspace.failures.parent.mkdir(parents=True, exist_ok=True)
    with workspace.failures.open("a", encoding="utf-8") as file:
        file.write(json.dumps(document, ensure_ascii=False) + "\n")
    problems: list[str] = []
    if settings.on_failure.command:
        problems += _run_command(settings.on_failure.command, document)
    if settings.on_failure.webhook_env:
        problems += _call_webhook(environment.get(settings.on_failure.webhook_env, ""), document)
    return problems


def _run_command(command: tuple[str, ...], document: dict[str, Any]) -> list[str]:
    try:
        done = subprocess.run(
            command,
            input=json.dumps(document),
            text=True,
            capture_output=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return [f"on_failure.command {command[0]} could not be run: {error}"]
    if done.returncode != 0:
        return [f"on_failure.command {command[0]} ended with code {done.returncode}: {done.stderr.strip()}"]
    return []


def _call_webhook(address: str, document: dict[str, Any]) -> list[str]:
    """Post the failure; the address is a secret and stays out of messages."""
    import httpx  # noqa: PLC0415 - only where a webhook is configured

    try:
        httpx.post(address, json=document, timeout=_PATIENCE_SECONDS).raise_for_status()
    except httpx.HTTPStatusError as error:
        return [f"on_failure.webhook answered {error.response.status_code}"]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return [f"on_failure.webhook could not be called: {type(error).__name__}"]
    return []
