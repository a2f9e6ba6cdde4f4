"""`assay drift`: how the sources' formats have changed, and what people say about it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.commands.options import json_option, workspace_option

if TYPE_CHECKING:
    from orchestration.drift import ListedDrift

_MOST_LINES = 50


@click.group()
def drift() -> None:
    """Show how the formats of sources have changed, and accept what is known and fine."""


@drift.command("list")
@click.option("--all", "is_all", is_flag=True, help="List harmless, accepted and past drift too.")
@workspace_option
@json_option
def list_drift(folder: Path | None, *, is_all: bool, as_json: bool) -> None:
    """List the drift that waits for somebody, as the last run's checks found it."""
    from orchestration.drift import listed_drifts
    from orchestration.workspace import find_workspace

    found = listed_drifts(find_workspace(folder), is_all=is_all)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], default=str, indent=2))
        return
    for each in found[:_MOST_LINES]:
        click.echo(_line(each))
    if len(found) > _MOST_LINES:
        click.echo(f"… and {len(found) - _MOST_LINES} more; --json lists all")
    click.echo(f"{len(found)} drifts {'listed' if is_all else 'wait for somebody'}.")


@drift.command()
@click.argument("drift_id")
@click.option(
    "--by", required=True, metavar="NAME", help="Who decides; the log keeps a commitment to the name."
)
@click.option(
    "--because", "reason", required=True, metavar="TEXT", help="Why; it stays for ever, so name nobody."
)
@click.option("--withdraw", is_flag=True, help="Take an acceptance back.")
@workspace_option
@json_option
def accept(
    folder: Path | None, *, drift_id: str, by: str, reason: str, withdraw: bool, as_json: bool
) -> None:
    """Say that a drift is known and fine: it stays listed and no longer warns.

    A decision is a leaf of the governance log, and the next `assay run` goes by it. What costs values now
    cannot be accepted.
    """
    from orchestration.drift import decide_drift
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    index = decide_drift(
        find_workspace(folder), drift_id, is_accepted=not withdraw, by=by, reason=reason, at=utc_now()
    )
    if as_json:
        document = {"drift_id": drift_id, "is_accepted": not withdraw, "leaf_index": index}
        click.echo(json.dumps(document, indent=2))
        return
    click.echo(f"Recorded as leaf {index} of the governance log. The next checks go by it: assay run")


def _line(found: "ListedDrift") -> str:
    said = f"; accepted: {found.reason}" if found.reason else ""
    return (
        f"{found.drift_id}  {found.drift_class}, {found.state}{said}  {found.source}.{found.stream}  "
        f"{found.json_path}: {found.was} became {found.is_now} ({found.drift_kind})  "
        f"{found.record_count} records, first on page {found.first_log_index} at {found.first_seen_at}  "
        f"{found.first_url}"
    )
