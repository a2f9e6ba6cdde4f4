"""`assay status`: what a workspace holds."""

import json
from pathlib import Path

import click

from orchestration.commands.options import json_option, workspace_option


@click.command()
@workspace_option
@json_option
def status(folder: Path | None, *, as_json: bool) -> None:
    """Show the evidence, the publication, the last failure and who holds the workspace."""
    from orchestration.overview import overview
    from orchestration.workspace import find_workspace

    found = overview(find_workspace(folder))
    if as_json:
        click.echo(json.dumps(found.to_document(), indent=2))
        return
    from orchestration.screens.console import make_console
    from orchestration.screens.terminal import evidence_table

    console = make_console()
    console.print(evidence_table(found.evidence))
    for name, value in found.lines():
        console.print(f"{name:<14}{value}", soft_wrap=True, highlight=False)
