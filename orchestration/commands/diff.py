"""`assay diff`: which published values changed between two publications, why, and who has the earlier."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.commands.options import json_option, workspace_option

if TYPE_CHECKING:
    from orchestration.publication_difference import Difference
    from publishing.differences import ChangedCell

_GRAINS = ("month", "quarter", "week", "day")
_MOST_CELLS = 20
_MOST_FACTS = 5
_MOST_RECORDS = 6


@click.command()
@click.argument("old", default="previous")
@click.argument("new", default="current")
@click.option("--metric", help="Only this metric.")
@click.option("--scope", help="Only this scope, such as team:payments.")
@click.option("--all", "is_all", is_flag=True, help="Every cell, also of periods that were not over.")
@workspace_option
@json_option
def diff(
    folder: Path | None,
    *,
    old: str,
    new: str,
    metric: str | None,
    scope: str | None,
    is_all: bool,
    as_json: bool,
) -> int:
    """Compare the publications OLD and NEW: ids, first characters of ids, `previous` or `current`.

    First the summary for whoever leads: how many settled values were restated, why, and the largest. Then
    the values with the facts and records that changed them, and who received OLD. Exit code 1 where a settled
    value was restated.
    """
    from orchestration.publication_difference import difference_document, difference_of
    from orchestration.workspace import find_workspace

    difference = difference_of(find_workspace(folder), old, new, metric=metric, scope=scope)
    restated = set(difference.comparison.restated)
    if as_json:
        click.echo(json.dumps(difference_document(difference), indent=1))
    else:
        _print(difference, is_all=is_all)
    return int(any(cell in restated for cell in difference.cells))


def _print(difference: "Difference", *, is_all: bool) -> None:
    from publishing.differences.notice import notice_document, notice_lines

    comparison = difference.comparison
    click.echo(f"{comparison.old.publication_id} -> {comparison.new.publication_id}")
    for line in notice_lines(notice_document(comparison)):
        click.echo(line)
    restated = set(comparison.restated)
    shown = [cell for cell in difference.cells if is_all or cell in restated]
    shown.sort(key=_weight)
    for cell in shown[:_MOST_CELLS]:
        _print_cell(cell)
    if len(shown) > _MOST_CELLS:
        click.echo(f"\n... and {len(shown) - _MOST_CELLS} more; --json lists all")
    for mart in comparison.marts:
        click.echo(f"{mart.name}: {mart.changed} rows changed, {mart.added} added, {mart.removed} removed")
    for name, (before, after) in comparison.definitions.items():
        if before and after and is_all:
            click.echo(f"assay definition diff {name} {before[:12]} {after[:12]}")
    _print_recipients(difference)


def _weight(cell: "ChangedCell") -> tuple[object, ...]:
    """Put months first, and what changed most before the rest."""
    return (
        _GRAINS.index(cell.period_grain),
        -cell.relative_change,
        cell.metric,
        cell.scope_id,
        cell.period_start,
    )


def _print_cell(cell: "ChangedCell") -> None:
    from orchestration.publication_difference import spell
    from publishing.differences import CAUSES

    period = f"{cell.period_grain} of {cell.period_start.isoformat()}"
    click.echo(f"\n{cell.metric}, {cell.scope_kind}:{cell.scope_id}, {period}")
    click.echo(
        f"  {spell(cell.old_value) or 'no value'} -> {spell(cell.new_value) or 'no value'} {cell.unit}"
    )
    for cause in cell.causes:
        click.echo(f"  because {CAUSES[cause]}")
    for fact in cell.facts[:_MOST_FACTS]:
        what = f" ({', '.join(fact.columns)})" if fact.columns else ""
        click.echo(f"    {fact.key} {fact.change}{what}")
        for said, records in (
            ("records that came later", fact.late_record_ids),
            ("records that it lost", fact.lost_record_ids),
        ):
            if records:
                more = f" and {len(records) - _MOST_RECORDS} more" if len(records) > _MOST_RECORDS else ""
                click.echo(f"      {said}: {', '.join(str(one) for one in records[:_MOST_RECORDS])}{more}")
    if len(cell.facts) > _MOST_FACTS:
        click.echo(f"    ... and {len(cell.facts) - _MOST_FACTS} more facts")


def _print_recipients(difference: "Difference") -> None:
    from orchestration.commands.export import delivery_line

    old = difference.comparison.old.publication_id
    if not difference.recipients:
        click.echo(f"\nNobody is on record as having received {old}.")
        return
    click.echo(f"\nOn record as having received {old}:")
    for delivery in difference.recipients:
        click.echo(f"  {delivery_line(delivery)}")
