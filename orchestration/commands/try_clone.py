"""`assay try`: the five numbers of a local clone, from its tags."""

import secrets
from pathlib import Path

import click


@click.command("try")
@click.argument("clone", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--workspace",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the workspace goes. Default: .assay-try/<name> in the current folder.",
)
@click.option("--tag", help="Regular expression: which tags are releases. Default: found by looking at them.")
def try_clone(clone: Path, *, folder: Path | None, tag: str | None) -> None:
    """Measure a local git clone. Needs no configuration and no network.

    Tags are taken as releases to production, the clone as one service. Git alone knows no incidents: only
    rollbacks and hotfixes count as failures.
    """
    from orchestration.screens.console import run_with_console
    from orchestration.trial import trial_workspace

    workspace = trial_workspace(clone, folder=folder, tag=tag, random_bytes=secrets.token_bytes)
    _, error = run_with_console(workspace)
    if error is not None:
        raise error
