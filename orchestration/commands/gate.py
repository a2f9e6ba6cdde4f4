"""`assay gate`: what may be published, what is missing, and who must act."""

import json
from pathlib import Path

import click

from orchestration.commands.options import json_option, workspace_option


@click.group()
def gate() -> None:
    """Say what may be published, what is missing, and who must act."""


@gate.command(name="list")
@workspace_option
@json_option
def list_(folder: Path | None, *, as_json: bool) -> int:
    """List every metric with the gate's present decision. Ends with 1 while one is kept back."""
    from orchestration.gate_review import list_decisions
    from orchestration.workspace import find_workspace

    decisions = list_decisions(find_workspace(folder))
    if as_json:
        click.echo(json.dumps([one.to_document() for one in decisions], indent=2))
    else:
        for one in decisions:
            failing = ", ".join(result.name for result in one.predicates if not result.is_passed)
            click.echo(f"{'open  ' if one.is_open else 'closed'}  {one.tier:<11}  {one.metric}")
            if failing:
                click.echo(f"        {failing}")
    return 0 if all(one.is_open for one in decisions) else 1


@gate.command()
@click.argument("metric")
@click.option("--scope", help="One value's scope, such as team:payments; needs --period.")
@click.option("--period", help="One value's period, such as 2026-05, 2026-W21 or 2026-Q2; needs --scope.")
@click.option(
    "--as-tier",
    type=click.Choice(["operational", "certified", "incentive"]),
    help="Would it pass as a stricter tier than its own?",
)
@workspace_option
@json_option
def explain(
    metric: str,
    folder: Path | None,
    *,
    scope: str | None,
    period: str | None,
    as_tier: str | None,
    as_json: bool,
) -> int:
    """Say what the gate would decide about METRIC now, what is missing, and who must act.

    Looks at the last build and at the registers as they are; nothing is recorded. Ends with 1 where it is
    closed.
    """
    from orchestration.gate_review import explain as explain_metric
    from orchestration.workspace import find_workspace

    found = explain_metric(find_workspace(folder), metric, scope=scope, period=period, as_tier=as_tier)
    if as_json:
        click.echo(json.dumps(found.to_document(), indent=2))
    else:
        from orchestration.screens.gate import explanation_lines

        for line in explanation_lines(found):
            click.echo(line)
    return 0 if found.is_open else 1
