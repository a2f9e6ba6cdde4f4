"""`assay receive`: the addresses that others send to."""

import os
from pathlib import Path

import click

from orchestration.commands.options import workspace_option


@click.command()
@workspace_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of this machine to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8787,
    show_default=True,
    help="Port; 0 lets the system choose.",
)
def receive(folder: Path | None, *, host: str, port: int) -> None:
    """Take webhooks and pushed reports until Ctrl-C.

    A delivery is on disk before it is acknowledged; the next run lands it as evidence. Put a proxy that
    speaks TLS in front of it. It needs no lock: runs go on beside it.
    """
    import socket

    import uvicorn

    from orchestration.errors import UsageError
    from orchestration.receiving import addresses, receiving_application
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    application = receiving_application(workspace, environment=os.environ)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise UsageError(f"{host}:{port} cannot be listened on: {error.strerror}") from error
    place = f"http://{host}:{listener.getsockname()[1]}"
    for address in addresses(workspace.settings()):
        click.echo(f"waiting for deliveries at {place}{address}")
    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        timeout_keep_alive=15,
    )
    uvicorn.Server(config).run(sockets=[listener])
