"""`assay checkpoint`: what this workspace's logs have come to, and having others cosign and stamp it."""

import json
from pathlib import Path

import click

from orchestration.commands.options import json_option, workspace_option

_SIZE = click.option("--seen", multiple=True, metavar="LOG=SIZE", help="What the witness says it saw last.")


@click.group()
def checkpoint() -> None:
    """Show the state of both logs, have witnesses cosign it, and have its time stamped."""


@checkpoint.command()
@workspace_option
@json_option
def show(folder: Path | None, *, as_json: bool) -> None:
    """Print sizes, roots, cosignatures and timestamps of both logs."""
    from orchestration.ledger.checkpoints import describe
    from orchestration.workspace import find_workspace

    described = describe(find_workspace(folder))
    if as_json:
        click.echo(json.dumps(described, indent=2))
        return
    for log in described["logs"]:
        click.echo(f"{log['origin']}: {log['size']} leaves, root {log['root']}")
        for one in log["cosignatures"]:
            click.echo(f"  size {one['size']} cosigned by {one['witness']} on {one['cosigned_at']}")
        for one in log["timestamps"]:
            click.echo(f"  size {one['size']} stamped by {one['authority']} on {one['stamped_at']}")


@checkpoint.command()
@click.option("--witness", help="Which witness; needed where several are configured.")
@_SIZE
@click.option(
    "--output",
    "out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("to-be-cosigned"),
    show_default=True,
    help="The folder for the requests.",
)
@workspace_option
def request(folder: Path | None, *, witness: str | None, seen: tuple[str, ...], out: Path) -> None:
    """Write requests for a witness that is asked by file: what the last build rests on, and all decisions."""
    from orchestration.ledger.checkpoints import request_by_file
    from orchestration.workspace import find_workspace

    for path in request_by_file(find_workspace(folder), witness=witness, seen=_sizes(seen), out=out):
        click.echo(str(path))
    click.echo("Hand these to the witness: assay witness cosign FOLDER FILE...; then assay checkpoint import")


@checkpoint.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@workspace_option
def import_(files: tuple[Path, ...], folder: Path | None) -> None:
    """Take in what a witness cosigned, once it was checked; then publish again."""
    from orchestration.ledger.checkpoints import import_files
    from orchestration.workspace import find_workspace

    for kept in import_files(find_workspace(folder), files):
        click.echo(f"{kept.witness.name} cosigned the {kept.log} log at size {kept.size}")


@checkpoint.command()
@workspace_option
def ask(folder: Path | None) -> int:
    """Ask every configured witness that has a url, now."""
    from orchestration.ledger.checkpoints import ask_now
    from orchestration.workspace import find_workspace

    cosigning = ask_now(find_workspace(folder))
    for remark in cosigning.remarks:
        click.echo(f"note    {remark}")
    click.echo(f"counts: {', '.join(cosigning.names) or 'nobody'}")
    return 0 if cosigning.names else 1


@checkpoint.command()
@workspace_option
def anchor(folder: Path | None) -> None:
    """Have the configured timestamp authority stamp both logs (RFC 3161)."""
    from orchestration.ledger.checkpoints import anchor_now
    from orchestration.workspace import find_workspace

    for made in anchor_now(find_workspace(folder)):
        click.echo(f"{made.authority} stamped the {made.log} log at size {made.size} on {made.stamped_at}")


def _sizes(texts: tuple[str, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for text in texts:
        log, _, size = text.partition("=")
        if log not in ("payload", "governance") or not size.isdigit():
            raise click.BadParameter(f"{text!r} is not payload=SIZE or governance=SIZE", param_hint="--seen")
        found[log] = int(size)
    return found
