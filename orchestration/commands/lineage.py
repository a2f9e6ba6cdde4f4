"""`assay lineage`: what a column rests on, and what rests on it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from orchestration.commands.options import Decorated, json_option, workspace_option

if TYPE_CHECKING:
    from lineage.columns import Walk


def walk_options(function: Decorated) -> Decorated:
    """Add the options that `upstream` and `impact` share."""
    for option in (
        click.option(
            "--depth", type=click.IntRange(min=1), help="How many edges far; all the way by default."
        ),
        click.option(
            "--direct-only",
            "is_direct_only",
            is_flag=True,
            help="Leave out filters, joins, groups, orders and conditions.",
        ),
        click.option("--dot", "as_dot", is_flag=True, help="Print the graph in Graphviz' language."),
        click.option(
            "--html",
            "page",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Draw the graph into a file.",
        ),
        json_option,
        workspace_option,
    ):
        function = option(function)
    return function


@click.group()
def lineage() -> None:
    """Follow a column through every model, from the field of the source's record to the published file.

    COLUMN is a column such as marts.fct_changes.lead_time_seconds (or the end of its name that is clear),
    or a field of a source such as github.commits:$[*].commit.author.date.
    """


@lineage.command()
@click.argument("column")
@walk_options
def upstream(column: str, **options: Any) -> int:
    """List what a column rests on, down to the fields of the sources."""
    return _show(column, "upstream", **options)


@lineage.command()
@click.argument("column")
@walk_options
def impact(column: str, **options: Any) -> int:
    """List what rests on a column, up to the published files."""
    return _show(column, "impact", **options)


@lineage.command()
@workspace_option
def unresolved(folder: Path | None) -> int:
    """List the columns whose lineage could not be read, and why. Exits 1 where there are any."""
    from orchestration.column_lineage.asking import open_column_lineage, unresolved_lines
    from orchestration.workspace import find_workspace

    with open_column_lineage(find_workspace(folder)) as con:
        lines = list(unresolved_lines(con))
    for line in lines:
        click.echo(line)
    return 1 if len(lines) > 1 else 0


def _show(
    column: str,
    direction: Literal["upstream", "impact"],
    *,
    depth: int | None,
    is_direct_only: bool,
    as_dot: bool,
    page: Path | None,
    as_json: bool,
    folder: Path | None,
) -> int:
    from lineage.columns import ColumnGraph
    from orchestration.column_lineage.asking import find_place, open_column_lineage
    from orchestration.workspace import find_workspace

    with open_column_lineage(find_workspace(folder)) as con:
        graph = ColumnGraph(con)
        walk = graph.walk(find_place(graph, column), direction, depth=depth, is_direct_only=is_direct_only)
    if page is not None:
        _draw(walk, page)
    else:
        _print(walk, as_dot=as_dot, as_json=as_json)
    return 0


def _draw(walk: "Walk", page: Path) -> None:
    from lineage.columns.drawing import to_html

    words = "what it rests on" if walk.direction == "upstream" else "what rests on it"
    page.write_text(to_html(walk, title=f"{walk.start.text}: {words}"), encoding="utf-8")
    click.echo(f"{len(walk.places) - 1} columns and {len(walk.steps)} edges are drawn in {page}")


def _print(walk: "Walk", *, as_dot: bool, as_json: bool) -> None:
    from lineage.columns.drawing import to_dot
    from orchestration.column_lineage.asking import walk_document, walk_lines

    if as_dot:
        click.echo(to_dot(walk))
    elif as_json:
        click.echo(json.dumps(walk_document(walk), indent=2, ensure_ascii=False))
    else:
        for line in walk_lines(walk):
            click.echo(line)
