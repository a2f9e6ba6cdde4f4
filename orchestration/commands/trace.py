"""`assay trace`: where one published number comes from."""

import json
from pathlib import Path

import click

from orchestration.commands.options import json_option, workspace_option


@click.command()
@click.argument("metric")
@click.option("--scope", required=True, help="service:NAME, team:NAME or organisation:NAME.")
@click.option(
    "--period",
    required=True,
    help="A month 2026-05, an ISO week 2026-W21, a quarter 2026-Q2, or a day 2026-05-03.",
)
@click.option("--all", "is_all", is_flag=True, help="Read and show every fact and record, however many.")
@workspace_option
@json_option
def trace(metric: str, *, scope: str, period: str, is_all: bool, folder: Path | None, as_json: bool) -> int:
    """Show one published number's value, definition, facts, records and pages, down to the bytes.

    Exits 1 where the number does not follow from its facts, or a page is not in the log.
    """
    from orchestration.screens.trace import trace_lines
    from orchestration.tracing import trace_cell
    from orchestration.workspace import find_workspace

    found = trace_cell(
        find_workspace(folder), metric, scope=scope, period=period, most_records=None if is_all else 200
    )
    if as_json:
        click.echo(json.dumps(found.to_document(), indent=2, ensure_ascii=False))
    else:
        counts = {"most_facts": len(found.facts), "most_records": len(found.records)} if is_all else {}
        for line in trace_lines(found, **counts):
            click.echo(line)
    return 0 if found.is_proven else 1
