"""`assay own`: the numbers that are one person's, for that person."""

import json
from pathlib import Path

import click

from orchestration.commands.options import json_option, workspace_option


@click.command()
@click.argument("person", metavar="PERSON")
@click.option("--as", "account", required=True, metavar="ACCOUNT", help="Who asks, as github:ada. Recorded.")
@click.option("--period", help="One period, such as 2026-05 or 2026-Q2; the newest three months otherwise.")
@click.option("--auditor", "is_auditor", is_flag=True, help="Ask as an auditor, for somebody else's numbers.")
@click.option("--write", "is_written", is_flag=True, help="Write them into the person's own folder, too.")
@workspace_option
@json_option
def own(
    person: str,
    *,
    account: str,
    period: str | None,
    is_auditor: bool,
    is_written: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Show the numbers that are PERSON's own, an account such as github:ada.

    They are published nowhere. Each reading is recorded in the governance log, before anything is shown:
    when, whose, and by whom. What came of incidents, failures and on-call is nobody's number.
    """
    from lineage.trace import View
    from orchestration.numbers.own_numbers import read_own_numbers, write_own_numbers
    from orchestration.numbers.tracing import Reader
    from orchestration.screens.own_numbers import own_lines
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    workspace, now = find_workspace(folder), utc_now()
    reader = Reader(view=View.AUDITOR if is_auditor else View.SUBJECT, account=account, at=now)
    found = read_own_numbers(workspace, person, reader=reader, period=period)
    if as_json:
        click.echo(json.dumps(found.to_document(), indent=2, ensure_ascii=False))
    else:
        for line in own_lines(found, person):
            click.echo(line)
    if is_written:
        click.echo(f"Wrote {write_own_numbers(workspace, found, on=now.date())}", err=as_json)
