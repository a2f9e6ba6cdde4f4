"""`assay alert`: which causes are open, and whether the channels work."""

import json
import os
from pathlib import Path

import click

from orchestration.commands.options import json_option, workspace_option


@click.group()
def alert() -> None:
    """List what is wrong at present, and try the channels that are told of it."""


@alert.command(name="list")
@workspace_option
@json_option
def list_causes(folder: Path | None, *, as_json: bool) -> None:
    """Show open causes, since when they hold, who was told, and which channels do not accept notices."""
    from orchestration.alerts.listing import cause_lines, state_document
    from orchestration.alerts.state import load_state
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    channels = workspace.settings().alerts.channels
    state = load_state(workspace.alerts)
    if as_json:
        click.echo(json.dumps(state_document(state, channels), indent=2))
        return
    for line in cause_lines(state, channels):
        click.echo(line)


@alert.command(name="test")
@workspace_option
@json_option
def try_channels(folder: Path | None, *, as_json: bool) -> None:
    """Send a test notice to every channel; exit code 1 where one does not accept it."""
    from orchestration.alerts.delivery import deliver
    from orchestration.alerts.notices import trial_notice
    from orchestration.errors import FindingsError, UsageError
    from orchestration.workspace import find_workspace

    settings = find_workspace(folder).settings()
    channels = settings.alerts.channels
    if not channels:
        raise UsageError("assay.yml has no channels. Add alerts.channels; `assay init` writes an example")
    notices = [(channel, trial_notice(channel, organisation=settings.organisation)) for channel in channels]
    outcomes = {channel.name: problem for channel, _, problem in deliver(notices, environment=os.environ)}
    if as_json:
        told = [
            {"channel": name, "accepted": problem is None, "problem": problem}
            for name, problem in outcomes.items()
        ]
        click.echo(json.dumps(told, indent=2))
    else:
        for name, problem in outcomes.items():
            click.echo(f"{name}: {problem or 'accepted'}")
    refused = [name for name, problem in outcomes.items() if problem]
    if refused:
        raise FindingsError(
            f"{', '.join(refused)} did not accept the notice. Mend the address in the variable that "
            "assay.yml names; docs/runbooks/alerts.md lists forms of addresses"
        )
