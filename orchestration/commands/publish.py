"""`assay publish`: a publication of what the last build holds."""

from pathlib import Path

import click

from orchestration.commands.options import workspace_option


@click.command()
@click.option("--purpose", help="What metrics that pay are published for; default: governance/purposes.yml.")
@workspace_option
def publish(folder: Path | None, *, purpose: str | None) -> None:
    """Publish what the last build holds, without fetching or building.

    For after a sign-off, a changed policy or a mended check. Refused while a blocking check is red.
    """
    from orchestration.republishing import publish_again
    from orchestration.workspace import find_workspace

    publication = publish_again(find_workspace(folder), purpose=purpose)
    click.echo(f"{publication.publication_id}: {publication.message}")
    for decision in publication.decisions:
        if not decision.is_open:
            click.echo(f"kept back: {decision.metric}; `assay gate explain {decision.metric}` says why")
    click.echo(f"{publication.folder}")
