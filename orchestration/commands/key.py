"""`assay key`: the key that signs checkpoints."""

import json
from pathlib import Path

import click

from orchestration.commands.options import json_option, workspace_option


@click.group()
def key() -> None:
    """Show the public keys of this workspace, and change the one that signs."""


@key.command()
@workspace_option
@json_option
def show(folder: Path | None, *, as_json: bool) -> int:
    """Print the public key in force, and the earlier ones with the leaf by which each handed over."""
    from orchestration.ledger.key_rotation import key_history
    from orchestration.session import open_ledger
    from orchestration.workspace import SIGNING_KEY, find_workspace

    workspace = find_workspace(folder)
    settings = workspace.settings()
    with open_ledger(workspace, settings) as ledger:
        history = key_history(workspace.key(SIGNING_KEY, settings), ledger)
    if as_json:
        earlier = [
            {"key": change.old.text(), "until": change.rotated_at, "leaf": index, "reason": change.reason}
            for index, change in history.rotations
        ]
        click.echo(json.dumps({"key": history.present.text(), "earlier": earlier}, indent=2))
    else:
        click.echo(history.present.text())
        for index, change in reversed(history.rotations):
            click.echo(
                f"  until {change.rotated_at}: {change.old.text()} ({change.reason}; governance leaf {index})"
            )
    for index, problem in history.problems:
        click.echo(f"DIFFERS governance leaf {index}: {problem}", err=True)
    return 1 if history.problems else 0


@key.command()
@click.option("--reason", required=True, help="Why, such as `yearly`; it stays in the log for ever.")
@workspace_option
def rotate(folder: Path | None, *, reason: str) -> None:
    """Replace the signing key: the old one names the new one in the governance log, and is gone afterwards.

    Tell witnesses the new key; docs/runbooks/rotate-a-key.md says what else is to be done.
    """
    import secrets

    from orchestration.ledger.key_rotation import rotate_key
    from orchestration.session import open_session
    from orchestration.sources import utc_now
    from orchestration.workspace import SIGNING_KEY, find_workspace

    workspace = find_workspace(folder)
    with open_session(workspace, command="assay key rotate", needs_sources=False) as session:
        path = workspace.key(SIGNING_KEY, session.settings)
        change = rotate_key(
            path, session.ledger, random_bytes=secrets.token_bytes, at=utc_now(), reason=reason
        )
    click.echo(
        f"{change.new.text()} signs from now on; governance leaf {change.governance_size - 1} says so."
    )
    click.echo("Back the new key up, delete backups of the old one, and give witnesses the new public key.")
