"""`assay doctor`: what is wrong, and how to mend it."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import click

from orchestration.commands.options import json_option, workspace_option


@click.command()
@workspace_option
@json_option
def doctor(folder: Path | None, *, as_json: bool) -> int:
    """Check settings, keys, credentials, clock, disk, versions and the lock; exit 1 if anything is wrong."""
    from orchestration.diagnosis import diagnose
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    found = []
    for diagnosis in diagnose(workspace, environment=os.environ):
        found.append(diagnosis)
        if not as_json:
            click.echo(f"{'ok   ' if diagnosis.is_ok else 'WRONG'} {diagnosis.name}: {diagnosis.message}")
            if not diagnosis.is_ok:
                click.echo(f"      {diagnosis.remedy}")
    wrong = sum(not diagnosis.is_ok for diagnosis in found)
    if as_json:
        click.echo(json.dumps([asdict(diagnosis) for diagnosis in found], indent=2))
    else:
        click.echo(f"{wrong} of {len(found)} checks found something" if wrong else "Everything is in order.")
    return 1 if wrong else 0
