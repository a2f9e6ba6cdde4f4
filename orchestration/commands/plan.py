"""`assay plan`: what a first run will cost."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.commands.options import json_option, workspace_option

if TYPE_CHECKING:
    from rich.table import Table

    from connectors.reports import StreamEstimate
    from orchestration.estimation import SourceEstimate


@click.command()
@workspace_option
@json_option
def plan(folder: Path | None, *, as_json: bool) -> int:
    """Estimate requests, hours at the vendor's limit, and disk, before a first run.

    A source that does not answer is named, and the others are estimated; the exit code is 3 then.
    """
    from orchestration.collection import uncollected_lines
    from orchestration.estimation import estimate
    from orchestration.workspace import find_workspace

    estimates = estimate(find_workspace(folder), environment=os.environ)
    if as_json:
        shown = [
            asdict(each)
            | {
                "requests": each.requests,
                "hours": each.hours,
                "disk_bytes": each.disk_bytes,
                "is_least": each.is_least,
            }
            for each in estimates
        ]
        click.echo(json.dumps(shown, indent=2))
        return _exit_code(estimates)
    from orchestration.screens.console import make_console

    console = make_console()
    for each in estimates:
        if each.problem is not None:
            console.print(f"{each.problem}\n", highlight=False, soft_wrap=True, markup=False)
            continue
        console.print(_table(each))
        console.print(f"{each.source}: {_summary(each)}\n", highlight=False)
        for line in uncollected_lines(each.uncollected):
            console.print(f"{line}\n", highlight=False, soft_wrap=True)
    return _exit_code(estimates)


def _summary(estimate: "SourceEstimate") -> str:
    least = "at least " if estimate.is_least else ""
    limit = "no vendor's limit"
    if estimate.hours is not None:
        limit = f"{least}{estimate.hours:.1f} h at {estimate.requests_an_hour:,} requests an hour"
    return f"{limit}; {least or 'about '}{estimate.disk_bytes / 1e6:,.0f} MB on disk"


def _exit_code(estimates: "list[SourceEstimate]") -> int:
    return 3 if any(each.problem is not None for each in estimates) else 0


def _table(estimate: "SourceEstimate") -> "Table":
    from rich.table import Table

    table = Table(title=estimate.source, title_justify="left", show_edge=False)
    for name in ("stream", "requests", "bytes"):
        table.add_column(name, justify="left" if name == "stream" else "right")
    for stream in estimate.streams:
        table.add_row(stream.stream, *_figures(stream))
    table.add_section()
    table.add_row("all", *_figures(estimate))
    return table


def _figures(estimate: "StreamEstimate | SourceEstimate") -> tuple[str, str]:
    """Requests and bytes, as sure as they are."""
    from orchestration.screens.terminal import size_text

    requests, size = f"{estimate.requests:,}", size_text(estimate.bytes)
    if not estimate.is_least:
        return requests, size
    return f"at least {requests}", f"at least {size}" if estimate.bytes else "unknown"
