"""`assay reconcile`: ask the sources now whether staging says what they say, and check everything again."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.commands.options import json_option, workspace_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestration.reconciliation.verdicts import Verdicts


@click.command()
@click.option(
    "--sample",
    type=click.IntRange(min=0),
    help="Records of each stream that are fetched again. Default: as assay.yml says.",
)
@click.option(
    "--totals",
    type=click.IntRange(min=0),
    help="Scopes of each stream whose total is asked for. Default: as assay.yml says.",
)
@workspace_option
@json_option
def reconcile(folder: Path | None, *, sample: int | None, totals: int | None, as_json: bool) -> None:
    """Fetch some records of each stream again, ask the sources for totals, and check the warehouse anew.

    Takes another sample each time: what was fetched is kept as evidence, and the log that grows by it decides
    which records come next. Every other check runs too, so that what was altered since the build shows.
    Nothing is built or published. Exit code 1 says that something differs.
    """
    from orchestration.errors import FindingsError
    from orchestration.reconciliation.verdicts import reconcile_now
    from orchestration.workspace import find_workspace

    verdicts = reconcile_now(find_workspace(folder), samples=sample, totals=totals)
    if as_json:
        click.echo(json.dumps(verdicts.to_document(), indent=2, default=str))
    else:
        _show(verdicts)
    blocking = [result for result in verdicts.results if result.is_blocking]
    if blocking:
        raise FindingsError(
            f"{len(blocking)} checks are red:\n"
            + "\n".join(f"  {result.name} ({result.subject}): {result.message}" for result in blocking)
        )


def _show(verdicts: "Verdicts") -> None:
    for (source, stream), counts in verdicts.sample_counts().items():
        listed = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in counts.items())
        click.echo(f"{source}.{stream}: {listed}")
    for row in verdicts.answers.totals:
        counted = "?" if row["total_count"] is None else f"{row['total_count']:,}"
        note = f" ({row['problem'] or _difference(row)})" if row["problem"] or _difference(row) else ""
        click.echo(
            f"{row['source']}.{row['stream']} {row['scope']}: {counted} at the source, "
            f"{row['staged_count']:,} in staging{note}"
        )
    if not verdicts.answers.samples and not verdicts.answers.totals:
        click.echo("nothing was asked: no source here can be, or assay.yml wants none")
    for result in verdicts.results:
        if not result.is_passed and not result.is_blocking:
            click.echo(f"warning: {result.name} ({result.subject}): {result.message}")


def _difference(row: "Mapping[str, Any]") -> str:
    """What a difference of the two counts amounts to; empty where there is none."""
    if row["total_count"] is None or row["total_count"] == row["staged_count"]:
        return ""
    is_tolerated = abs(row["total_count"] - row["staged_count"]) <= row["tolerance_count"]
    return f"within the tolerance of {row['tolerance_count']:,}" if is_tolerated else "differs"
