"""`assay tracks`: the wall between developmental feedback and every metric."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from orchestration.commands.options import json_option, workspace_option


@click.command()
@click.argument("metric", required=False)
@workspace_option
@json_option
def tracks(metric: str | None, folder: Path | None, *, as_json: bool) -> int:
    """Name every way by which feedback, or taking part in an incident, could come into METRIC, or into any.

    Exits 1 where there is one: the gate keeps such a metric back.
    """
    from orchestration.errors import UsageError
    from orchestration.flow.warehouse import read_between_runs
    from orchestration.tracks import compile_models, present_crossings
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    if not workspace.warehouse.exists():
        raise UsageError("Nothing is built yet, so there is nothing to look at. Begin with: assay run")
    compile_models(workspace)
    with read_between_runs(workspace, command="assay tracks") as con:
        found = present_crossings(workspace, con)
    if metric is not None and metric not in found:
        raise UsageError(f"There is no metric {metric}; known: {', '.join(sorted(found))}")
    shown = {metric: found[metric]} if metric is not None else found
    if as_json:
        documents = {name: [asdict(one) for one in crossings] for name, crossings in shown.items()}
        click.echo(json.dumps(documents, indent=2))
    else:
        for name, crossings in sorted(shown.items()):
            for crossing in crossings:
                click.echo(crossing.sentence)
            if metric is not None and not crossings:
                click.echo(f"{name}: no way in")
        crossed = sum(bool(crossings) for crossings in shown.values())
        click.echo(f"{len(shown)} metrics looked at, {crossed} with a way in")
    return 1 if any(shown.values()) else 0
