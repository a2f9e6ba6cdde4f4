"""`assay run`: fetch what is new, build what it touches, check and publish."""

import json
from pathlib import Path

import click

from orchestration.commands.options import json_option, workspace_option


@click.command()
@workspace_option
@json_option
@click.option("--full-refresh", is_flag=True, help="Build every table from the beginning.")
def run(folder: Path | None, *, as_json: bool, full_refresh: bool) -> None:
    """Fetch what is new, build what it touches, check it and publish it.

    Ends with a table of what happened and the five numbers. One source that fails does not lose what the
    others delivered; the publication is switched only when everything is complete.
    """
    from orchestration.running import RunOptions
    from orchestration.screens.console import run_with_console
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    record, error = run_with_console(
        workspace, options=RunOptions(is_full_refresh=full_refresh), is_silent=as_json
    )
    if as_json:
        click.echo(json.dumps(record.to_document() | {"error": str(error) if error else None}, indent=2))
    if error is not None:
        raise error
