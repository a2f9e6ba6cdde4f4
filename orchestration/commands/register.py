"""`assay register`: which personal data may be fetched, what for, on which basis, and who confirmed it."""

import json
import re
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
    from orchestration.collection import Confirmation, check_kinds, confirm_register, write_register
    from orchestration.coverage import coverage
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    workspace, today = find_workspace(folder), utc_now().date()
    governance = workspace.governance
    _check_words(name, {"--purpose": purpose, "--legal-basis": legal_basis, "--kind": kinds})
    check_kinds(kinds)
    done = []
    if add:
        governance.mkdir(exist_ok=True)
        count = write_register(governance, workspace.settings(), on=today)
        done.append(f"{count} entries written to {governance / 'collection.yml'}, to be confirmed.")
    if name is not None:
        word = Confirmation(
            confirmed_by=name.strip(), confirmed_on=today, purpose=purpose, legal_basis=legal_basis
        )
        count = confirm_register(governance, word, kinds=kinds or None)
        done.append(f"{count} entries confirmed by {name.strip()} on {today}.")
    found = coverage(workspace.settings(), governance, on=today)
    if as_json:
        click.echo(json.dumps([each.to_document() for each in found], indent=2))
    else:
        _show(found, done)
    return 0 if all(each.is_allowed for each in found) else 1


def _check_words(name: str | None, given: "dict[str, str | tuple[str, ...] | None]") -> None:
    """Refuse a confirmation that names nobody, and what only a confirmation can use."""
    if name is not None and not name.strip():
        raise click.UsageError("--confirm needs the name of the person who answers for it.")
    unused = [option for option, value in given.items() if value is not None and value != ()]
    if name is None and unused:
        raise click.UsageError(f"{' and '.join(unused)} belong to a confirmation: add --confirm NAME.")
    empty = [option for option, value in given.items() if isinstance(value, str) and not value.strip()]
    if empty:
        raise click.UsageError(f"{' and '.join(empty)}: write what it is, or leave it out.")


def _show(found: "list[StreamCoverage]", done: list[str]) -> None:
    from orchestration.screens.console import make_console

    make_console().print(_table(found))
    for line in done:
        click.echo(line)
    refused = [each for each in found if not each.is_allowed]
    if any(each.has_lapsed for each in refused):
        click.echo(
            "Renew what has lapsed: in governance/collection.yml, write a later valid_until, and who renewed "
            "it and when in confirmed_by and confirmed_on; or write new entries."
        )
    if any(not each.is_written for each in refused):
        click.echo("Write the missing entries with: assay register --add")
    if any(each.is_written for each in refused):
        click.echo("Read governance/collection.yml, then confirm it with: assay register --confirm NAME")


def _table(found: "list[StreamCoverage]") -> "Table":
    from orchestration.screens.terminal import narrow_table

    table = narrow_table("Personal data, by stream of the settings")
    for name in ("stream", "brings", "register"):
        table.add_column(name, no_wrap=name == "stream")
    source = None
    for each in found:
        if each.source != source:
            source = each.source
            table.add_row(f"[bold]{source}[/bold]")
        state = each.state if each.is_allowed else f"[yellow]{_brief(each.state)}[/yellow]"
        table.add_row(f"  {each.stream}", ", ".join(each.personal_data) or "nothing", state)
    return table


def _brief(state: str) -> str:
    """Say a refusal in as few words as a column of a narrow table holds."""
    state = re.sub(r"^the entry in line (\d+) (?:is )?", r"line \1: ", state)
    return re.sub(r"^it is fetched for (\S+), which .*$", r"waits for \1", state)
