"""`assay witness`: another department's side. It needs no workspace, and belongs on a machine of its own."""

import json
from pathlib import Path

import click

from orchestration.commands.options import NamedFolder, json_option, parsed

_FOLDER = click.argument("folder", type=NamedFolder(file_okay=False, path_type=Path))
_LOGS = click.option(
    "--log",
    "logs",
    multiple=True,
    required=True,
    metavar="ORIGIN=KEY",
    help="A log, and the key that signs it.",
)


@click.group()
def witness() -> None:
    """Cosign checkpoints of a workspace that others run, so that nobody can rewrite its history unseen."""


@witness.command()
@_FOLDER
@click.option("--name", required=True, help="The witness's name, such as internal-audit.")
@_LOGS
def init(folder: Path, *, name: str, logs: tuple[str, ...]) -> None:
    """Make a witness in FOLDER: a key of its own, and a memory of what it saw."""
    import secrets

    from lineage.ledger import LedgerFileError, NoteError
    from lineage.ledger.witness_folder import create_witness, parse_log
    from orchestration.errors import UsageError

    watched = parsed("--log", logs, parse_log)
    try:
        signer = create_witness(folder, name, watched, random_bytes=secrets.token_bytes)
    except (LedgerFileError, NoteError) as error:
        raise UsageError(str(error)) from error
    click.echo("Give this public key to those who configure the workspace (governance/policies.yml):")
    click.echo(signer.key.text())


@witness.command()
@_FOLDER
@_LOGS
def watch(folder: Path, *, logs: tuple[str, ...]) -> None:
    """Watch another log, or trust a further key of one, as after a rotation."""
    from lineage.ledger.witness_folder import parse_log, read_signer
    from lineage.ledger.witness_folder import watch as watch_logs

    watched = parsed("--log", logs, parse_log)
    _refuse_other_folder(folder)
    read_signer(folder)
    for origin, keys in sorted(watch_logs(folder, *watched).items()):
        click.echo(f"{origin}: {len(keys)} {'key' if len(keys) == 1 else 'keys'}")


@witness.command()
@_FOLDER
@json_option
def show(folder: Path, *, as_json: bool) -> None:
    """Print the public key, and the newest checkpoint of each log that was cosigned."""
    from lineage.ledger.witness_folder import FolderMemory, read_signer

    _refuse_other_folder(folder)
    key, entries = read_signer(folder).key.text(), FolderMemory(folder).entries()
    if as_json:
        click.echo(json.dumps({"key": key, "seen": entries}, indent=2))
        return
    click.echo(key)
    for origin, entry in sorted(entries.items()):
        click.echo(f"{origin}: {entry['size']} leaves, root {entry['root']}")


@witness.command()
@_FOLDER
@click.argument(
    "requests", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
def cosign(folder: Path, requests: tuple[Path, ...]) -> int:
    """Cosign REQUESTS that `assay checkpoint request` wrote; each answer goes beside its request.

    Refused without a proof that the log extends what this witness last saw.
    """
    from lineage.ledger import WitnessError
    from lineage.ledger.witness_folder import open_witness
    from orchestration.ledger.witness_files import cosign_file
    from orchestration.sources import utc_now

    _refuse_other_folder(folder)
    opened, refused = open_witness(folder, clock=utc_now), 0
    for path in requests:
        try:
            click.echo(f"{cosign_file(opened, path)}: cosigned")
        except WitnessError as error:
            refused += 1
            click.echo(f"{path}: refused: {error}", err=True)
    return 1 if refused else 0


@witness.command()
@_FOLDER
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of this machine to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8790, show_default=True, help="Port.")
def serve(folder: Path, *, host: str, port: int) -> None:
    """Answer `POST /add-checkpoint` until Ctrl-C (C2SP tlog-witness). Put a TLS proxy in front."""
    import socket

    import uvicorn

    from lineage.ledger.witness_folder import open_witness
    from orchestration.errors import UsageError
    from orchestration.ledger.witness_network import witness_application
    from orchestration.sources import utc_now

    _refuse_other_folder(folder)
    application = witness_application(open_witness(folder, clock=utc_now))
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise UsageError(f"{host}:{port} cannot be listened on: {error.strerror}") from error
    click.echo(f"cosigning at http://{host}:{listener.getsockname()[1]}/add-checkpoint")
    config = uvicorn.Config(
        application, log_level="warning", access_log=False, server_header=False, ws="none"
    )
    uvicorn.Server(config).run(sockets=[listener])


def _refuse_other_folder(folder: Path) -> None:
    from lineage.ledger.witness_folder import KEY
    from orchestration.errors import UsageError

    if not (folder / KEY).exists():
        raise UsageError(f"There is no witness in {folder}. Make one with: assay witness init {folder}")
