"""`assay init`: a workspace in a new folder."""

import secrets
from pathlib import Path

import click

from orchestration.commands.options import NamedFolder


@click.command()
@click.argument("folder", type=NamedFolder(file_okay=False, path_type=Path))
@click.option("--organisation", help="The organisation's login. Default: the folder's name.")
def init(folder: Path, *, organisation: str | None) -> None:
    """Make a workspace: an annotated assay.yml, keys (readable by you only), registers and folders.

    Nothing that exists is overwritten.
    """
    from orchestration.scaffold import organisation_name, scaffold

    name = organisation or organisation_name(folder.resolve().name)
    workspace = scaffold(folder, organisation=name, random_bytes=secrets.token_bytes)
    click.echo(f"Made a workspace in {workspace.root}")
    click.echo("Next:")
    click.echo(f"  1. edit {workspace.settings_file}")
    click.echo("  2. export ASSAY_GITHUB_TOKEN=…   (a token with read access)")
    click.echo(
        f"  3. read {workspace.governance / 'collection.yml'}, which says what is fetched about people"
    )
    click.echo(f"     assay register --confirm NAME --legal-basis TEXT --workspace {folder}")
    click.echo(f"  4. assay doctor --workspace {folder}")
    click.echo(f"  5. assay run --workspace {folder}")
    click.echo(
        f"Back up {workspace.root / 'keys'}: no number can be sealed, no person recognised without it."
    )
