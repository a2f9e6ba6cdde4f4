"""`assay replay`: one published number from its records alone, or a whole publication as of its cutoff."""

import json
from pathlib import Path

import click

from orchestration.commands.options import json_option, workspace_option


@click.command()
@click.argument("metric", required=False)
@click.option("--scope", help="service:NAME, team:NAME or organisation:NAME.")
@click.option(
    "--period",
    help="A month 2026-05, an ISO week 2026-W21, a quarter 2026-Q2, or a day 2026-05-03.",
)
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
    scope: str | None,
    period: str | None,
    drop: tuple[int, ...],
    is_each_dropped: bool,
    publication: str | None,
    threads: int,
    folder: Path | None,
    as_json: bool,
) -> int:
    """Make one published number again from the bytes of its records alone, with the SQL that was stored.

    With --publication everything is made again from the evidence up to the publication's cutoff, and every
    table and flat file is compared with the published one.

    Exits 1 where what comes out is not exactly what was published.
    """
    from orchestration.errors import UsageError

    if publication is not None:
        if metric or scope or period or drop or is_each_dropped:
            raise UsageError(
                "--publication makes everything again: give it, or one metric with its scope and period"
            )
        return _whole(publication, threads=threads, folder=folder, as_json=as_json)
    if metric is None or scope is None or period is None:
        raise UsageError(
            "Name one number with METRIC --scope SCOPE --period PERIOD; or --publication current for all"
        )
    from orchestration.replaying import replay_published_cell
    from orchestration.screens.replay import replay_lines
    from orchestration.workspace import find_workspace

    if drop and is_each_dropped:
        raise UsageError("--drop leaves out some records, --drop-each every one in turn: give one of the two")
    found = replay_published_cell(
        find_workspace(folder),
        metric,
        scope=scope,
        period=period,
        drop=drop,
        is_each_dropped=is_each_dropped,
    )
    if as_json:
        click.echo(json.dumps(found.to_document(), indent=2, ensure_ascii=False))
    else:
        for line in replay_lines(found):
            click.echo(line)
    return 0 if found.is_equal else 1


def _whole(publication: str, *, threads: int, folder: Path | None, as_json: bool) -> int:
    from orchestration.replaying_publication import replay_publication
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
