"""`assay trace`: where one number comes from."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from orchestration.commands.options import (
    NumberOptions,
    is_number_named,
    json_option,
    number_options,
    number_request,
    workspace_option,
)

if TYPE_CHECKING:
    from lineage.trace import Trace

_FORMATS = ("text", "json", "prov", "html")


@click.command()
@click.argument("metric")
@number_options
@click.option("--publication", metavar="ID", help="An older publication; the current one otherwise.")
@click.option(
    "--context",
    "is_with_context",
    is_flag=True,
    help="Show as well all that the number is read against, as replays load it; takes a second more.",
)
@click.option("--all", "is_all", is_flag=True, help="Read and show every fact and record, however many.")
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write into this file instead."
)
@workspace_option
@json_option
def trace(
    metric: str,
    *,
    publication: str | None,
    is_with_context: bool,
    is_all: bool,
    form: str,
    output: Path | None,
    folder: Path | None,
    as_json: bool,
    **options: Unpack[NumberOptions],
) -> int:
    """Show one number's value, definition, facts, records and pages, down to the bytes.

    METRIC is a metric's name, or a mart's column such as marts.mart_dora_monthly.change_lead_time.
    Exits 1 where the number does not follow from its facts, or a page is not in the log.
    """
    from orchestration.numbers.replaying import trace_with_context
    from orchestration.numbers.tracing import trace_number
    from orchestration.workspace import find_workspace

    if not is_number_named(options):
        raise click.UsageError("Name the number: --scope and --period, or --key for a fact.")
    request = replace(
        number_request(metric, options),
        publication_id=publication,
        most_records=None if is_all else 200,
    )
    follow = trace_with_context if is_with_context else trace_number
    found = follow(find_workspace(folder), request)
    text = _written(found, "json" if as_json else form, is_all=is_all)
    if output is None:
        click.echo(text)
    else:
        output.write_text(f"{text}\n", encoding="utf-8")
        click.echo(f"Wrote {output}")
    return 0 if found.is_proven else 1


def _written(found: "Trace", form: str, *, is_all: bool) -> str:
    from lineage.trace import prov_document
    from orchestration.screens.trace import trace_lines
    from orchestration.screens.trace_page import trace_page

    if form == "json":
        return json.dumps(found.to_document(), indent=2, ensure_ascii=False)
    if form == "prov":
        return json.dumps(prov_document(found), indent=2, ensure_ascii=False)
    if form == "html":
        return trace_page(found)
    counts = {"most_facts": len(found.facts), "most_records": len(found.records)} if is_all else {}
    return "\n".join(trace_lines(found, **counts))
