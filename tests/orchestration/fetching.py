"""Fetching alone, by Dagster's own machinery, without the build that follows it."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.assets.streams import stream_assets
from orchestration.assets.workspace import OpenWorkspace, workspace_resource
from orchestration.run_record import RunRecord, Watcher
from orchestration.session import open_session
from orchestration.workspace import Workspace


def fetch(
    workspace: Workspace,
    *,
    environment: Mapping[str, str] | None = None,
    watcher: Watcher | None = None,
    **run: Any,
) -> tuple[RunRecord, dg.ExecuteInProcessResult]:
    """Materialise the streams of a workspace once.

    Args:
        workspace: Whose streams.
        environment: Where credentials are.
        watcher: Who is told; nobody by default.
        run: How: `partition_key`, `tags`, `selection`.
    """
    with open_session(workspace, command="a test", environment=environment or {}, watcher=watcher) as session:
        result = dg.materialize(
            stream_assets(workspace.settings(), first_wait_seconds=0.0),
            resources={"workspace": workspace_resource(workspace, OpenWorkspace(session))},
            raise_on_error=False,
            **run,
        )
        return session.record, result
