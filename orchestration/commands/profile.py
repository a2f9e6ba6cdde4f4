"""`assay profile`: another tool's metrics by its own formulas, over tables of its own shape."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.commands.options import NamedFolder, json_option

if TYPE_CHECKING:
    from orchestration.profiles import ProfileRun


FOLDER = NamedFolder(file_okay=False, path_type=Path)


@click.command()
@click.argument("name", required=False)
@click.option("--tables", type=FOLDER, help="Folder with a CSV or Parquet file per table.")
@click.option("--database", type=click.Path(dir_okay=False, path_type=Path), help="DuckDB file with them.")
@click.option("--schema", default="main", show_default=True, help="Schema of the tables in --database.")
@click.option("--from", "begin", metavar="TIME", help="Begin of the range, else the first deployment's day.")
@click.option("--until", "end", metavar="TIME", help="End, exclusive, else after the last deployment's day.")
@click.option("--time-zone", default="UTC", show_default=True, help="Zone whose days and weeks are counted.")
@click.option("--result", "only", multiple=True, help="Only this result and what it needs. Repeatable.")
@click.option("--given", multiple=True, help="Read this result from the tables. Repeatable.")
@click.option("--derive-links", is_flag=True, help="Compute previous deployments even where they are named.")
@click.option("--output", "out", type=FOLDER, help="Folder to write the results to.")
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@json_option
def profile(
    name: str | None,
    *,
    tables: Path | None,
    database: Path | None,
    schema: str,
    begin: str | None,
    end: str | None,
    time_zone: str,
    only: tuple[str, ...],
    given: tuple[str, ...],
    derive_links: bool,
    out: Path | None,
    form: str,
    as_json: bool,
) -> int:
    """Compute another tool's metrics by its own formulas, over tables of its own shape.

    Without NAME it lists the profiles. docs/profiles.md describes the tables, the results and the formulas.
    """
    from orchestration.profiles import (
        DatabaseTables,
        FolderTables,
        Range,
        find_profile,
        profiles,
        run_profile,
    )
    from orchestration.profiles.writing import write_results

    if name is None:
        for each in profiles():
            click.echo(f"{each.name}  {each.title}: {each.summary}")
        return 0
    if (tables is None) == (database is None):
        raise click.UsageError("Say where the tables are: --tables FOLDER or --database FILE.")
    found = find_profile(name)
    source = DatabaseTables(database, schema) if database else FolderTables(tables or Path())
    within = Range(_instant(begin, time_zone, "--from"), _instant(end, time_zone, "--until"), time_zone)
    run = run_profile(found, source, within=within, only=only, given=given, keep_links=not derive_links)
    files = write_results(run, out, form=form) if out else []
    if as_json:
        click.echo(json.dumps(_document(run, files), indent=2, default=str))
    else:
        _show(run, files)
    return 0


def _instant(text: str | None, time_zone: str, option: str) -> datetime | None:
    """Read an instant; one without an offset is one of the time zone."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
        return read if read.tzinfo else read.replace(tzinfo=ZoneInfo(time_zone))
    except ZoneInfoNotFoundError as error:
        raise click.UsageError(
            f"--time-zone {time_zone}: no such zone. Name one like Europe/Berlin."
        ) from error
    except ValueError as error:
        raise click.UsageError(f"{option} {text}: write 2026-05-04, or 2026-05-04T10:00:00+02:00.") from error


def _document(run: "ProfileRun", files: list[Path]) -> dict[str, object]:
    return {
        "profile": run.profile.name,
        "given": list(run.given),
        "results": {name: rows.to_pylist() for name, rows in run.results.items()},
        "files": [str(file) for file in files],
    }


def _show(run: "ProfileRun", files: list[Path]) -> None:
    from orchestration.screens.console import make_console
    from orchestration.screens.terminal import narrow_table

    if "values" in run.results:
        table = narrow_table(f"{run.profile.title}, by project")
        for heading in ("project", "metric", "value", "unit", "n"):
            table.add_column(heading)
        for row in run.results["values"].to_pylist():
            value = "" if row["value"] is None else f"{row['value'].normalize():f}"
            unit = run.profile.unit(row["metric"])
            table.add_row(row["project_name"], row["metric"], row["value_text"] or value, unit, str(row["n"]))
        make_console().print(table)
    for name, rows in run.results.items():
        if name != "values":
            click.echo(f"{name}: {rows.num_rows} rows")
    for file in files:
        click.echo(f"written: {file}")
