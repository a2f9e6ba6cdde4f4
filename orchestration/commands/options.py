"""The options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def workspace_option(function: Decorated) -> Decorated:
    """Add `--workspace DIR`; the default is the nearest folder upward with an assay.yml."""
    return click.option(
        "--workspace",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        help="The workspace. Default: the nearest folder upward that has an assay.yml.",
    )(function)


def json_option(function: Decorated) -> Decorated:
    """Add `--json` for scripts."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")(function)
