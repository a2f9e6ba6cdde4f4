"""`assay replay`: one published number from its records alone, or a whole publication as of its cutoff."""

import json
from pathlib import Path
from typing import Unpack

import click

from orchestration.commands.options import (
    NumberOptions,
    is_any_number_option_given,
    is_number_named,
    json_option,
    number_options,
    number_request,
    workspace_option,
)


@click.command()
@click.argument("metric", required=False)
@number_options
@click.option(
    "--drop", type=int, multiple=True, metavar="RECORD_ID", help="Leave this record out; repeatable."
)
@click.option(
    "--drop-each", "is_each_dropped", is_flag=True, help="Leave out each contributing record in turn."
)
@click.option(
    "--publication",
    metavar="ID",
    help="Make a whole publication (or `current`) again, and compare all of its exports byte for byte.",
)
@click.option(
    "--threads", type=click.IntRange(1, 64), default=2, show_default=True, help="For a whole publication."
)
@workspace_option
@json_option
def replay(
    metric: str | None,
    *,
    drop: tuple[int, ...],
    is_each_dropped: bool,
    publication: str | None,
    threads: int,
    folder: Path | None,
    as_json: bool,
    **options: Unpack[NumberOptions],
) -> int:
    """Make one published number again from the bytes of its records alone, with the SQL that was stored.

    METRIC is a metric's name, or a mart's column such as marts.mart_slo_attainment.burn_rate; it is named as
    in `assay trace`. A row that is no plain formula over facts is compared in all of its columns.

    With --publication everything is made again from the evidence up to the publication's cutoff, and every
    table and flat file is compared with the published one.

    Exits 1 where what comes out is not exactly what was published.
    """
    from orchestration.errors import UsageError

    if publication is not None:
        if metric or is_any_number_option_given(options) or drop or is_each_dropped:
            raise UsageError(
                "--publication makes everything again: give it, or one metric with its scope and period"
            )
        return _whole(publication, threads=threads, folder=folder, as_json=as_json)
    if metric is None or not is_number_named(options):
        raise UsageError(
            "Name one number with METRIC --scope SCOPE --period PERIOD, a fact's with METRIC --key KEY; "
            "or --publication current for all"
        )
    from orchestration.numbers.replaying import replay_published
    from orchestration.screens.replay import replay_lines
    from orchestration.workspace import find_workspace

    if drop and is_each_dropped:
        raise UsageError("--drop leaves out some records, --drop-each every one in turn: give one of the two")
    request = number_request(metric, options)
    found = replay_published(find_workspace(folder), request, drop=drop, is_each_dropped=is_each_dropped)
    if as_json:
        click.echo(json.dumps(found.to_document(), indent=2, ensure_ascii=False))
    else:
        for line in replay_lines(found):
            click.echo(line)
    return 0 if found.is_equal else 1


def _whole(publication: str, *, threads: int, folder: Path | None, as_json: bool) -> int:
    from orchestration.numbers.replaying_publication import replay_publication
    from orchestration.screens.replay import publication_lines
    from orchestration.workspace import find_workspace

    def told(step: str) -> None:
        if not as_json:
            click.echo(f"· {step}", err=True)

    found = replay_publication(find_workspace(folder), publication, threads=threads, on_step=told)
    if as_json:
        click.echo(json.dumps(found.to_document(), indent=2, ensure_ascii=False))
    else:
        for line in publication_lines(found):
            click.echo(line)
    return 0 if found.is_equal else 1
