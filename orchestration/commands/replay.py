"""`assay replay`: one published number, made again from its records alone."""

import json
from pathlib import Path

import click

from orchestration.commands.options import json_option, workspace_option


@click.command()
@click.argument("metric")
@click.option("--scope", required=True, help="service:NAME, team:NAME or organisation:NAME.")
@click.option(
    "--period",
    required=True,
    help="A month 2026-05, an ISO week 2026-W21, a quarter 2026-Q2, or a day 2026-05-03.",
)
@click.option(
    "--drop", type=int, multiple=True, metavar="RECORD_ID", help="Leave this record out; repeatable."
)
@click.option(
    "--drop-each", "is_each_dropped", is_flag=True, help="Leave out each contributing record in turn."
)
@workspace_option
@json_option
def replay(
    metric: str,
    *,
    scope: str,
    period: str,
    drop: tuple[int, ...],
    is_each_dropped: bool,
    folder: Path | None,
    as_json: bool,
) -> int:
    """Make one published number again from the bytes of its records alone, with the SQL that was stored.

    Exits 1 where the records do not make exactly the published number.
    """
    from orchestration.errors import UsageError
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
