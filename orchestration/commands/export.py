"""`assay export`: publications handed over on the record, and who received what."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.commands.options import json_option, workspace_option

if TYPE_CHECKING:
    from governance.deliveries import Delivery


@click.group()
def export() -> None:
    """Hand publications over, on the record."""


@export.command()
@click.argument("publication", default="current")
@click.option(
    "--to", "to", required=True, metavar="NAME", help="Who receives it; stays in the private store."
)
@click.option(
    "--role",
    required=True,
    type=click.Choice(["leadership", "analyst", "auditor"]),
    help="Which files: leadership gets no table of single events.",
)
@click.option("--purpose", required=True, help="What for, such as `quarterly review`; name nobody.")
@click.option("--output", type=click.Path(path_type=Path), help="The folder to make. Default: beside you.")
@workspace_option
@json_option
def give(
    folder: Path | None,
    *,
    publication: str,
    to: str,
    role: str,
    purpose: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """Copy PUBLICATION's files for a recipient, and record that it was done.

    PUBLICATION is an id, `current` or `previous`. The governance log keeps a keyed commitment to the name,
    and `assay diff` lists the recipient when a value of this publication is restated.
    """
    from orchestration.exporting import hand_over
    from orchestration.publications import publication_folder
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    source = publication_folder(workspace, publication)
    target = output or Path.cwd() / f"{source.name}-{role}"
    handed = hand_over(
        workspace, source, to=to, role=role, purpose=purpose, output=target.resolve(), at=utc_now()
    )
    if as_json:
        click.echo(json.dumps({**handed.delivery.to_document(), "folder": str(handed.folder)}, indent=2))
        return
    click.echo(f"{handed.folder}: {handed.files} files of {source.name}")
    click.echo(f"Recorded as leaf {handed.delivery.leaf_index} of the governance log.")


@export.command(name="list")
@click.argument("publication", required=False)
@workspace_option
@json_option
def list_(folder: Path | None, *, publication: str | None, as_json: bool) -> None:
    """List who received what; of PUBLICATION alone where it is named."""
    from orchestration.exporting import deliveries_of
    from orchestration.publications import publication_folder
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    chosen = publication_folder(workspace, publication).name if publication else None
    found = deliveries_of(workspace, chosen)
    if as_json:
        click.echo(json.dumps([one.to_document() for one in found], indent=2))
        return
    for one in found:
        click.echo(delivery_line(one))
    click.echo(f"{len(found)} deliveries.")


@export.command()
@click.argument("publication")
@click.option("--about", "about", default="current", help="The publication that restates it.")
@click.option("--to", "to", required=True, metavar="NAME", help="Who was told.")
@click.option("--how", "how", required=True, help="How they were told, such as `mail`; name nobody.")
@workspace_option
def notify(folder: Path | None, *, publication: str, about: str, to: str, how: str) -> None:
    """Record that a recipient of PUBLICATION was told of its restatement."""
    from orchestration.exporting import notify as recorded
    from orchestration.publications import publication_folder
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    old, new = (publication_folder(workspace, name).name for name in (publication, about))
    told = recorded(workspace, old, new, to=to, purpose=how, at=utc_now())
    click.echo(f"Recorded as leaf {told.leaf_index} of the governance log.")


@export.command()
@click.argument("name")
@workspace_option
def forget(folder: Path | None, *, name: str) -> int:
    """Erase a recipient's NAME from the private store; what was handed over stays on the record."""
    from orchestration.exporting import forget_recipient
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    if forget_recipient(find_workspace(folder), name, at=utc_now()):
        click.echo("Forgotten. The log keeps that something was handed over, and to nobody that it names.")
        return 0
    click.echo("Nobody of that name received anything.")
    return 1


def delivery_line(delivery: "Delivery") -> str:
    """Say one delivery in a line."""
    who = delivery.name or f"(erased, {delivery.recipient[:14]})"
    what = f"told of {delivery.about}" if delivery.kind == "notice" else f"as {delivery.role}"
    return f"{delivery.at:%Y-%m-%d %H:%M} UTC  {delivery.publication_id}  {who}  {what}: {delivery.purpose}"
