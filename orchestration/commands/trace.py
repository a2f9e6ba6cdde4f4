"""`assay trace`: where one number comes from."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.commands.options import json_option, workspace_option

if TYPE_CHECKING:
    from lineage.trace import Trace

_FORMATS = ("text", "json", "prov", "html")


@click.command()
@click.argument("metric")
@click.option("--scope", help="service:NAME, team:NAME, organisation:NAME or person:ACCOUNT.")
@click.option(
    "--period", help="A month 2026-05, an ISO week 2026-W21, a quarter 2026-Q2, or a day 2026-05-03."
)
@click.option(
    "--normalisation", help="Of a team beside its peers: none, per_100_fte_days, per_100_service_days."
)
@click.option("--objective", help="Objective of a service level, where several have the window.")
@click.option("--window", help="Kind of its window: month, rolling (by its last day) or calendar.")
@click.option("--key", help="Key of a fact, for a column of a fact.")
@click.option("--metric", "row_metric", help="Metric of the row, for a mart with rows of several.")
@click.option("--publication", metavar="ID", help="An older publication; the current one otherwise.")
@click.option(
    "--view",
    type=click.Choice(["shared", "subject", "auditor"]),
    default="shared",
    show_default=True,
    help="shared names nobody; subject shows your own records; auditor shows all. The last two are recorded.",
)
@click.option(
    "--as", "account", metavar="ACCOUNT", help="Who reads, as github:ada; needed for subject and auditor."
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
    scope: str | None,
    period: str | None,
    normalisation: str | None,
    objective: str | None,
    window: str | None,
    key: str | None,
    row_metric: str | None,
    publication: str | None,
    view: str,
    account: str | None,
    is_all: bool,
    form: str,
    output: Path | None,
    folder: Path | None,
    as_json: bool,
) -> int:
    """Show one number's value, definition, facts, records and pages, down to the bytes.

    METRIC is a metric's name, or a mart's column such as marts.mart_dora_monthly.change_lead_time.
    Exits 1 where the number does not follow from its facts, or a page is not in the log.
    """
    from lineage.trace import Asked, View
    from orchestration.sources import utc_now
    from orchestration.tracing import Reader, TraceRequest, trace_number
    from orchestration.workspace import find_workspace

    if key is None and (scope is None or period is None):
        raise click.UsageError("Name the number: --scope and --period, or --key for a fact.")
    found = trace_number(
        find_workspace(folder),
        TraceRequest(
            metric=metric,
            scope=scope or "organisation:-",
            period=period or "0001-01-01",
            asked=Asked(
                normalisation=normalisation, objective=objective, window=window, key=key, metric=row_metric
            ),
            publication_id=publication,
            most_records=None if is_all else 200,
            reader=Reader(view=View(view), account=account, at=utc_now()),
        ),
    )
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
