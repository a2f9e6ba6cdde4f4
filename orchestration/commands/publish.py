"""`assay publish`: a publication of what the last build holds."""

from pathlib import Path

import click

from orchestration.commands.options import workspace_option


@click.command()
@workspace_option
def publish(folder: Path | None) -> None:
    """Publish what the last build holds, without fetching or building.

    For after a sign-off, a changed policy or a mended check. Refused while a blocking check is red.
    """
    from orchestration.republishing import publish_again
    from orchestration.workspace import find_workspace

    publication = publish_again(find_workspace(folder))
    click.echo(f"{publication.publication_id}: {publication.message}")
    click.echo(f"{publication.folder}")
