"""`assay register`: which personal data may be fetched, what for, on which basis, and who confirmed it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.commands.options import json_option, workspace_option

if TYPE_CHECKING:
    from rich.table import Table

    from orchestration.coverage import StreamCoverage


@click.command()
@click.option("--add", is_flag=True, help="Write the entries that are missing, to be confirmed.")
@click.option(
    "--confirm", "name", metavar="NAME", help="Confirm what is written: NAME answers for it, today."
)
@click.option("--purpose", help="With --confirm: the purpose, for entries that state none.")
@click.option("--legal-basis", help="With --confirm: the legal basis, for entries that state none.")
@click.option("--kind", "kinds", multiple=True, help="With --confirm: only entries of this kind of source.")
@workspace_option
@json_option
def register(
    folder: Path | None,
    *,
    add: bool,
    name: str | None,
    purpose: str | None,
    legal_basis: str | None,
    kinds: tuple[str, ...],
    as_json: bool,
) -> int:
    """Show, write or confirm the collection register, governance/collection.yml.

    A stream that brings personal data is fetched only if a confirmed entry names it and all that it brings.
    Ends with 1 while streams of the settings are not covered.
    """
    from orchestration.collection import Confirmation, confirm_register, write_register
    from orchestration.coverage import coverage
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    workspace, today = find_workspace(folder), utc_now().date()
    governance = workspace.governance
    done = []
    if add:
        governance.mkdir(exist_ok=True)
        count = write_register(governance, workspace.settings())
        done.append(f"{count} entries written to {governance / 'collection.yml'}, to be confirmed.")
    if name:
        word = Confirmation(confirmed_by=name, confirmed_on=today, purpose=purpose, legal_basis=legal_basis)
        count = confirm_register(governance, word, kinds=kinds or None)
        done.append(f"{count} entries confirmed by {name} on {today}.")
    found = coverage(workspace.settings(), governance, on=today)
    if as_json:
        click.echo(json.dumps([each.to_document() for each in found], indent=2))
    else:
        _show(found, done)
    return 0 if all(each.is_allowed for each in found) else 1


def _show(found: "list[StreamCoverage]", done: list[str]) -> None:
    from orchestration.screens.console import make_console

    make_console().print(_table(found))
    for line in done:
        click.echo(line)
    refused = [each for each in found if not each.is_allowed]
    if any(not each.is_written for each in refused):
        click.echo("Write the missing entries with: assay register --add")
    if any(each.is_written for each in refused):
        click.echo("Read governance/collection.yml, then confirm it with: assay register --confirm NAME")


def _table(found: "list[StreamCoverage]") -> "Table":
    from orchestration.screens.terminal import narrow_table

    table = narrow_table("Personal data, by stream of the settings")
    for name in ("stream", "brings", "register"):
        table.add_column(name, no_wrap=name == "stream")
    for each in found:
        state = each.state if each.is_allowed else f"[yellow]{each.state}[/yellow]"
        table.add_row(f"{each.source}.{each.stream}", ", ".join(each.personal_data) or "nothing", state)
    return table
