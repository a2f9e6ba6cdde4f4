"""The options that several commands share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class NamedFolder(click.Path):
    """A folder by a name that is not empty: an unset variable leaves one, and it would mean this folder."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        """Refuse an empty name; `.` says on purpose what "" says by mistake."""
        if not str(value).strip():
            self.fail("the name is empty. Name a folder; . is the one that you are in", param, ctx)
        return super().convert(value, param, ctx)


def workspace_option(function: Decorated) -> Decorated:
    """Add `--workspace DIR`; the default is the nearest folder upward with an assay.yml."""
    return click.option(
        "--workspace",
        "folder",
        type=NamedFolder(file_okay=False, path_type=Path),
        help="The workspace. Default: the nearest folder upward that has an assay.yml.",
    )(function)


def json_option(function: Decorated) -> Decorated:
    """Add `--json` for scripts."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")(function)
