"""The options that several commands share."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import click

if TYPE_CHECKING:
    from orchestration.numbers.tracing import TraceRequest

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Parsed = TypeVar("Parsed")


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


def parsed(option: str, texts: Iterable[str], parse: Callable[[str], Parsed]) -> tuple[Parsed, ...]:
    """Parse each value of an option that may be repeated.

    Raises:
        UsageError: one has another form; the message names the option.
    """
    from orchestration.errors import UsageError

    try:
        return tuple(map(parse, texts))
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error


_NUMBER_OPTIONS = (
    click.option("--scope", help="service:NAME, team:NAME, organisation:NAME or person:ACCOUNT."),
    click.option(
        "--period", help="A month 2026-05, an ISO week 2026-W21, a quarter 2026-Q2, or a day 2026-05-03."
    ),
    click.option(
        "--normalisation", help="Of a team beside its peers: none, per_100_fte_days, per_100_service_days."
    ),
    click.option("--objective", help="Objective of a service level, where several have the window."),
    click.option("--window", help="Kind of its window: month, rolling (by its last day) or calendar."),
    click.option("--key", help="Key of a fact, for a column of a fact."),
    click.option("--metric", "row_metric", help="Metric of the row, for a mart with rows of several."),
    click.option(
        "--view",
        type=click.Choice(["shared", "subject", "auditor"]),
        default="shared",
        show_default=True,
        help="shared names nobody; subject: what is your own; auditor: all. The last two are recorded.",
    ),
    click.option(
        "--as",
        "account",
        metavar="ACCOUNT",
        help="Who reads, as github:ada; needed for subject and auditor.",
    ),
)


class NumberOptions(TypedDict):
    """What `number_options` hands to a command."""

    scope: str | None
    period: str | None
    normalisation: str | None
    objective: str | None
    window: str | None
    key: str | None
    row_metric: str | None
    view: str
    account: str | None


def number_options(function: Decorated) -> Decorated:
    """Add the options that name one number beside METRIC, and who reads it."""
    for option in reversed(_NUMBER_OPTIONS):
        function = option(function)
    return function


def is_number_named(options: NumberOptions) -> bool:
    """Whether the options name a number: a scope and a period, or a fact's key."""
    return options["key"] is not None or None not in (options["scope"], options["period"])


def is_any_number_option_given(options: NumberOptions) -> bool:
    """Whether one of the options that name a number, or its reader, was given."""
    return options["view"] != "shared" or any(
        value is not None for name, value in options.items() if name != "view"
    )


def number_request(metric: str, options: NumberOptions) -> "TraceRequest":
    """Return the request for the number that a metric's name and these options name."""
    from lineage.trace import Asked, View
    from orchestration.numbers.tracing import Reader, TraceRequest
    from orchestration.sources import utc_now

    return TraceRequest(
        metric=metric,
        scope=options["scope"] or "organisation:-",
        period=options["period"] or "0001-01-01",
        asked=Asked(
            normalisation=options["normalisation"],
            objective=options["objective"],
            window=options["window"],
            key=options["key"],
            metric=options["row_metric"],
        ),
        reader=Reader(view=View(options["view"]), account=options["account"], at=utc_now()),
    )
