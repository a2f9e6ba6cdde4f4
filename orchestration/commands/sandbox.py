"""`assay sandbox`: a simulated organisation, served, written or explained."""

import json
import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.commands.options import NamedFolder

if TYPE_CHECKING:
    from connectors.sandbox import Organisation


def organisation_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which organisation is simulated."""
    for option in (
        click.option("--services", type=click.IntRange(1), help="Number of services. Default: 17 a factor."),
        click.option(
            "--until",
            type=click.DateTime(["%Y-%m-%d"]),
            default="2026-07-01",
            show_default=True,
            help="First day after the story.",
        ),
        click.option("--months", type=click.IntRange(1), default=12, show_default=True, help="Length."),
        click.option("--factor", type=click.IntRange(1, 100), default=1, show_default=True, help="Size."),
        click.option("--seed", type=int, default=7, show_default=True, help="Seed of every random choice."),
    ):
        function = option(function)
    return function


@click.group()
def sandbox() -> None:
    """Serve, write or explain a simulated organisation: the same seed gives the same story."""


@sandbox.command()
@organisation_options
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port; 0 lets the system choose.")
@click.option("--token-env", help="The variable with the one token that is let in. Default: everybody is.")
def serve(*, port: int, token_env: str | None, **chosen: Any) -> None:
    """Serve its sources on this machine, GitHub at the root, until Ctrl-C."""
    from connectors.sandbox import serve as serve_organisation
    from orchestration.errors import UsageError

    if token_env and not os.environ.get(token_env):
        raise UsageError(f"the environment variable {token_env} is not set")
    token = os.environ[token_env] if token_env else None
    with serve_organisation(_organisation(**chosen), port=port, token=token) as server:
        click.echo(f"The simulated GitHub answers at {server.base_url}; stop it with Ctrl-C.")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            click.echo(json.dumps(server.counters()))


@sandbox.command()
@organisation_options
def truth(**chosen: Any) -> None:
    """Print what was simulated, and every metric's true values, as JSON."""
    click.echo(json.dumps(_organisation(**chosen).truth().to_document(), indent=1))


@sandbox.command()
@organisation_options
@click.argument("folder", type=NamedFolder(file_okay=False, path_type=Path))
def git(folder: Path, **chosen: Any) -> None:
    """Write its repositories as bare clones below FOLDER."""
    for path in _organisation(**chosen).write_git(folder):
        click.echo(path)


@sandbox.command()
@organisation_options
@click.option("--base-url", required=True, help="Where its GitHub is served.")
@click.option("--git-folder", required=True, help="Where its clones lie, as seen from the workspace.")
def settings(*, base_url: str, git_folder: str, **chosen: Any) -> None:
    """Print the assay.yml of a workspace for it."""
    import yaml

    document = _organisation(**chosen).settings_document(base_url=base_url, git_folder=git_folder)
    click.echo(yaml.safe_dump(document, sort_keys=False))


def _organisation(
    *, seed: int, factor: int, months: int, until: datetime, services: int | None
) -> "Organisation":
    from connectors.sandbox import simulate

    return simulate(seed=seed, factor=factor, months=months, until=until.date(), services=services)
