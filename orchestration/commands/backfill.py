"""`assay backfill`: exactly some days of a stream, fetched again."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.commands.options import json_option, workspace_option

if TYPE_CHECKING:
    from orchestration.backfill import Backfill, BackfillEstimate
    from orchestration.workspace import Workspace

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("target", metavar="SOURCE[.STREAM]")
@click.option("--from", "first", type=_DAY, required=True, help="The first day, in UTC.")
@click.option("--until", type=_DAY, required=True, help="The first day after the last.")
@click.option("--dry-run", is_flag=True, help="Say what would be fetched, and fetch nothing.")
@workspace_option
@json_option
def backfill(
    target: str,
    folder: Path | None,
    *,
    first: datetime,
    until: datetime,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Fetch exactly some days of a stream again, then build and publish what changed.

    For streams whose API serves windows of time; without a stream, all of them that the source has. Cursors
    stay where they are. What is fetched for records of these streams follows, as far as they changed.
    """
    from orchestration.backfill import plan_backfill
    from orchestration.running import RunOptions
    from orchestration.screens.console import run_with_console
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    planned = plan_backfill(
        workspace.settings(), target, first=first.date(), until=until.date(), today=utc_now().date()
    )
    if dry_run:
        _show(planned, _estimates(workspace, planned), as_json=as_json)
        return
    record, error = run_with_console(workspace, options=RunOptions(backfill=planned), is_silent=as_json)
    if as_json:
        click.echo(json.dumps(record.to_document() | {"error": str(error) if error else None}, indent=2))
    if error is not None:
        raise error


def _estimates(workspace: "Workspace", planned: "Backfill") -> "list[BackfillEstimate]":
    import secrets

    from connectors.evidence import EvidenceStore
    from orchestration.backfill import estimate_backfill
    from orchestration.session import open_ledger

    settings = workspace.settings()
    with open_ledger(workspace, settings) as ledger:
        store = EvidenceStore(workspace.evidence, ledger, random_bytes=secrets.token_bytes)
        try:
            return estimate_backfill(settings, planned, store.windows())
        finally:
            store.close()


def _show(planned: "Backfill", estimates: "list[BackfillEstimate]", *, as_json: bool) -> None:
    if as_json:
        days = {"source": planned.source, "from": _text(planned.first), "until": _text(planned.until)}
        streams = [each.to_document() for each in estimates]
        click.echo(json.dumps(days | {"streams": streams, "followers": list(planned.followers)}, indent=2))
        return
    count = (planned.until - planned.first).days
    click.echo(f"{planned.source}: {count} days, {planned.first} until {planned.until} (exclusive), UTC")
    for each in estimates:
        before = f"; they took {each.known_pages} pages before" if each.known_pages else ""
        places = f"{each.scopes} places" if each.scopes != 1 else "1 place"
        click.echo(f"  {each.stream}: at least {each.requests} requests for {places}{before}")
    if planned.followers:
        click.echo(f"  then, from their cursors: {', '.join(planned.followers)}")


def _text(day: date) -> str:
    return day.isoformat()
