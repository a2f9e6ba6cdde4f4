"""`assay dev`: the Dagster UI on a workspace."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import click

from orchestration.commands.options import workspace_option


@click.command()
@workspace_option
@click.option(
    "--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port on this machine."
)
def dev(folder: Path | None, *, port: int) -> int:
    """Open the Dagster UI on this workspace: assets, checks, runs and the nightly schedule.

    It listens on this machine only. Stop it with Ctrl-C.
    """
    from orchestration.dbt_runner import DbtProject
    from orchestration.running import prepare_instance
    from orchestration.workspace import WORKSPACE_VARIABLE, find_workspace

    workspace = find_workspace(folder)
    workspace.settings()
    workspace.make_data_folders()
    prepare_instance(workspace)
    DbtProject(workspace).manifest()  # once here, not in every process that Dagster starts
    click.echo(f"The UI of {workspace.root} will answer at http://127.0.0.1:{port}")
    command = [sys.executable, "-m", "dagster", "dev", "-m", "orchestration.definitions"]
    child = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        env={**os.environ, "DAGSTER_HOME": str(workspace.dagster), WORKSPACE_VARIABLE: str(workspace.root)},
    )
    signal.signal(signal.SIGTERM, lambda _number, _frame: child.send_signal(signal.SIGTERM))
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            child.send_signal(signal.SIGINT)
