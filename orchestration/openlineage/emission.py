"""Emitting a run's events, without the run ever failing or waiting for it.

The run's own START goes out at once. Models and tests are heard as they end; their events follow at the end
of the run, when it is known what their columns rest on. Whatever goes wrong is a note.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from lineage.openlineage import Delivery, EventFile, EventMaker, EventPost, Failure, PostRefusedError
from orchestration.dbt_runner import DbtProject, NodeOutcome
from orchestration.errors import BuildFailedError
from orchestration.flow.warehouse import open_warehouse
from orchestration.openlineage.describing import HeardOutcome, StoredLineage, read_stored_lineage, run_steps
from orchestration.session import Session
from orchestration.settings import Settings
from orchestration.sources import utc_now
from orchestration.workspace import Workspace

KEPT_FILES: Final = 100
_WAIT_SECONDS: Final = 10.0


class RunEvents:
    """The events of one run.

    Args:
        maker: Makes them.
        delivery: Takes them; None drops them.
    """

    def __init__(self, maker: EventMaker, delivery: Delivery | None) -> None:
        self._maker = maker
        self._delivery = delivery
        self._heard: list[HeardOutcome] = []

    def begin(self) -> None:
        """Say that the run has begun."""
        if self._delivery is not None:
            self._delivery.send(self._maker.run_started(utc_now()))

    def heard(self, outcome: NodeOutcome) -> None:
        """Take note of a model or test that has just ended."""
        ended_at = utc_now()
        self._heard.append(HeardOutcome(outcome, ended_at - timedelta(seconds=outcome.seconds), ended_at))

    def end(self, session: Session, error: BaseException | None) -> None:
        """Emit the events of models and tests, and the run's end.

        Args:
            session: The open workspace.
            error: Why the run failed, if it did; its text stays out of the events.
        """
        if self._delivery is None:
            return
        try:
            self._emit_steps(session)
        except Exception as problem:  # noqa: BLE001 - events must not fail the run that they tell of
            session.watcher.note(f"OpenLineage: models are left out of the events: {type(problem).__name__}")
        failure = None if error is None else Failure(_reason(error))
        self._delivery.send(self._maker.run_ended(utc_now(), failure))
        told = self._delivery.close(wait_seconds=_WAIT_SECONDS)
        if told is not None:
            session.watcher.note(told)

    def _emit_steps(self, session: Session) -> None:
        if not self._heard or self._delivery is None:
            return
        manifest = _manifest(session.workspace)
        for step in run_steps(self._heard, manifest, _stored(session.workspace)):
            for event in self._maker.step_events(step):
                self._delivery.send(event)


def begin_events(session: Session) -> RunEvents:
    """Emit the run's START where the settings want events, and return who takes the others."""
    maker = EventMaker(
        organisation=session.settings.organisation,
        run_id=session.run_id,
        version=version("assay"),
        engine_version=version("duckdb"),
    )
    delivery: Delivery | None = None
    try:
        delivery = open_delivery(session.workspace, session.settings, session.run_id, session.environment)
    except (OSError, PostRefusedError, ValueError) as error:
        session.watcher.note(f"OpenLineage: no events: {error}")
    events = RunEvents(maker, delivery)
    events.begin()
    return events


def open_delivery(
    workspace: Workspace, settings: Settings, run_id: str, environment: Mapping[str, str]
) -> Delivery | None:
    """Open what the settings name: a file of its own for the run, an endpoint, or nothing.

    Raises:
        OSError: the folder cannot be written.
        PostRefusedError: the endpoint is asked without TLS, with a key.
        ValueError: the endpoint has no usable address, or the variable with its key is empty.
    """
    wanted = settings.openlineage
    if wanted.transport == "none":
        return None
    if wanted.transport == "file":
        return EventFile(_new_file(workspace.openlineage, run_id))
    key = environment.get(wanted.api_key_variable) if wanted.api_key_variable else None
    if wanted.api_key_variable and not key:
        raise ValueError(f"the variable {wanted.api_key_variable} with the endpoint's key is empty")
    return EventPost(str(wanted.url), api_key=key)


def _new_file(folder: Path, run_id: str) -> Path:
    """Return the file of this run, and remove the oldest ones beyond what is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.jsonl"))[: -KEPT_FILES + 1]:
        old.unlink(missing_ok=True)
    return folder / f"{utc_now():%Y%m%dT%H%M%SZ}-{run_id[:8]}.jsonl"


def _manifest(workspace: Workspace) -> Mapping[str, Any]:
    """Return the manifest with compiled SQL where it is of this code, else the parsed one."""
    project = DbtProject(workspace)
    compiled, stamp = workspace.dbt / "compiled" / "manifest.json", workspace.dbt / "compiled" / "code.sha256"
    if compiled.exists() and stamp.exists() and stamp.read_text() == project.code_hash():
        found: Mapping[str, Any] = json.loads(compiled.read_bytes())
        return found
    return project.manifest()


def _stored(workspace: Workspace) -> StoredLineage:
    """Read what is known of columns; nothing where the warehouse is not there, or is why the run failed."""
    if not workspace.warehouse.exists():
        return StoredLineage({}, {})
    try:
        with open_warehouse(workspace.warehouse, is_read_only=True) as con:
            return read_stored_lineage(con)
    except BuildFailedError:
        return StoredLineage({}, {})


def _reason(error: BaseException) -> str:
    """Return why a run failed, without words of a source's or a row's."""
    code = getattr(error, "exit_code", None)
    exits = f" (exit code {code})" if code is not None else ""
    return f"{type(error).__name__}{exits}; the reason stands in the workspace's record of runs"
