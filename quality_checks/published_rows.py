"""The last hand-over: what a publication holds is what the warehouse holds, in every one of its forms.

The gate may withhold a metric, a kind of scope or a value of small n; such a gap is no error here, a
different value always is.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from quality_checks.comparisons import Comparison, compare
from quality_checks.results import CheckDeclaration, CheckResult

PUBLICATION = "publication"
_COPY = "published_copy"
_LONG = "mart_metric_values"
_REMEDY = "Do not hand this publication out. Publish again; if it stays, report it with the warehouse."
_NOTHING = "select '' as item, 0 as value where false"
_CELL = "metric, scope_kind, scope_id, period_grain, period_start"
_FIGURES = (
    "{'value': value, 'numerator': numerator, 'denominator': denominator, 'n': n, 'low': interval_low, "
    "'high': interval_high}::varchar"
)
_WITHHELD = "list_contains(flags, 'withheld')"
_WIDE_KEY = ("scope_kind", "scope_id", "period_grain", "period_start")
_SMALL_TEAMS = "intermediate.int_teams_withheld"
_GRAINS = {"daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter", "response": "month"}
"""The grain of a mart that holds one, by the last word of its name."""
_COUNTED = ("INTEGER", "BIGINT", "DOUBLE", "DECIMAL")
_OF_DEFINITIONS = ("metric_version",)

Columns = Mapping[str, Sequence[str]]


def publication_declarations() -> tuple[CheckDeclaration, ...]:
    """The checks of a publication."""
    comparisons = _comparisons({}, {}, (), Path())
    return tuple(declaration for comparison in comparisons for declaration in comparison.declarations())


def check_publication(con: duckdb.DuckDBPyConnection, folder: Path) -> list[CheckResult]:
    """Compare a publication with the warehouse that it was made from, and its forms with each other.

    Args:
        con: A connection to the warehouse; reading is enough.
        folder: The publication, or the link `current`.
    """
    files = sorted(file.stem for file in (folder / "marts").glob("*.parquet"))
    scope = f"publication {folder.resolve().name}"
    con.execute(f"attach '{_path(folder / 'analyst.duckdb')}' as {_COPY} (read_only)")
    try:
        columns = _published_columns(con)
        comparisons = _comparisons(columns, _published_columns(con, _COUNTED), files, folder)
        return [result for comparison in comparisons for result in compare(con, comparison, scope=scope)]
    finally:
        con.execute(f"detach {_COPY}")


def _comparisons(
    tables: Columns, numbers: Columns, files: Sequence[str], folder: Path
) -> tuple[Comparison, ...]:
    wide = {
        name: columns
        for name, columns in tables.items()
        if name.startswith("mart_") and "scope_kind" in columns and name != _LONG
    }
    plain = {name: columns for name, columns in tables.items() if name not in wide and name != _LONG}
    return (
        _rows_agree(plain),
        _values_agree(),
        _wide_values_agree(wide),
        _small_teams_are_withheld(tables, numbers),
        _files_agree(files, folder),
    )


def _rows_agree(tables: Columns) -> Comparison:
    return Comparison(
        name="published_rows_equal_the_warehouse",
        subjects=(PUBLICATION,),
        layer="publication",
        sentence="Each published fact and dimension has the warehouse's rows, in the columns it shows.",
        left=_union(f"select '{name}' as item, count(*) as value from marts.{name}" for name in tables),
        right=_union(
            _rows_shared(name, f"{_COPY}.marts.{name}", f"marts.{name}", columns)
            for name, columns in tables.items()
        ),
        measure="rows",
        remedy=_REMEDY,
    )


def _values_agree() -> Comparison:
    published = f"{_COPY}.marts.{_LONG}"
    return Comparison(
        name="published_values_equal_the_mart",
        subjects=(PUBLICATION,),
        layer="publication",
        sentence="Each published value is the mart's, and a metric has all cells of a kind of scope or none.",
        left=f"""
            select
                concat_ws(' ', {_CELL}, if(coalesce(is_withheld, false), 'withheld', {_FIGURES})) as item,
                1 as value
            from marts.{_LONG}
            semi join {published} using (metric, scope_kind)
            left join (select {_CELL}, {_WITHHELD} as is_withheld from {published}) using ({_CELL})
        """,
        right=f"""
            select
                concat_ws(' ', {_CELL}, if(coalesce({_WITHHELD}, false), 'withheld', {_FIGURES})) as item,
                count(*) as value
            from {published}
            group by all
        """,
        measure="values",
        remedy=_REMEDY,
    )


def _wide_values_agree(tables: Columns) -> Comparison:
    """Column by column: what is shown is the mart's; what is withheld is empty."""
    shown, equal = [], []
    for name, columns in tables.items():
        named = [
            column for column in _WIDE_KEY if column in columns
        ]  # most hold one grain, and do not say so
        key, published = ", ".join(named), f"{_COPY}.marts.{name}"
        shown.append(f"select '{name}' as item, count(*) as value from marts.{name}")
        equal.append(f"select '{name}' as item, count(*) as value from {published}")
        for column in columns:
            item = f"'{name}.{column}' as item"
            shown.append(f"select {item}, count({column}) as value from {published}")
            equal.append(
                f"select {item}, count(*) as value from {published} as shown "
                f"inner join marts.{name} as held using ({key}) where shown.{column} = held.{column}"
                if column not in _WIDE_KEY
                else f"select {item}, count(*) as value from {published} semi join marts.{name} using ({key})"
            )
    return Comparison(
        name="published_wide_values_equal_the_mart",
        subjects=(PUBLICATION,),
        layer="publication",
        sentence="Each value that a published wide table shows is the mart's.",
        left=_union(shown),
        right=_union(equal),
        measure="values",
        remedy=_REMEDY,
    )


def _small_teams_are_withheld(tables: Columns, numbers: Columns) -> Comparison:
    """Whatever a mart is called and holds: no number stands in a row of a team that is withheld."""
    return Comparison(
        name="small_teams_show_no_number",
        subjects=(PUBLICATION,),
        layer="publication",
        sentence="No published mart shows a number of a team that is withheld.",
        left=_NOTHING,
        right=_union(
            _numbers_of_small_teams(name, columns, numbers.get(name, ())) for name, columns in tables.items()
        ),
        measure="rows",
        remedy=_REMEDY,
    )


def _numbers_of_small_teams(name: str, columns: Sequence[str], numbers: Sequence[str]) -> str:
    team = next((column for column in ("scope_id", "team_id") if column in columns), None)
    counted = [column for column in numbers if column not in _OF_DEFINITIONS]
    if not name.startswith("mart_") or team is None or "period_start" not in columns or not counted:
        return f"select '{name}' as item, 0 as value"
    is_grain = "true"
    if "period_grain" in columns:
        is_grain = "shown.period_grain = withheld.period_grain"
    elif grain := _GRAINS.get(name.rpartition("_")[2]):
        is_grain = f"withheld.period_grain = '{grain}'"
    is_team = "shown.scope_kind = 'team' and " if team == "scope_id" else ""
    shown = " or ".join(f"shown.{column} is not null" for column in counted)
    return (
        f"select '{name}' as item, count(*) as value from {_COPY}.marts.{name} as shown "
        f"semi join {_SMALL_TEAMS} as withheld on {is_grain} and shown.{team} = withheld.scope_id "
        f"and shown.period_start = withheld.period_start where {is_team}({shown})"
    )


def _files_agree(files: Sequence[str], folder: Path) -> Comparison:
    left, right = [], []
    for name in files:
        table, path = f"{_COPY}.marts.{name}", _path(folder / "marts" / name)
        csv = f"read_csv('{path}.csv', header = true, all_varchar = true)"
        left += [
            f"select '{name}.{form}' as item, count(*) as value from {table}" for form in ("parquet", "csv")
        ]
        right += [
            _rows_shared(f"{name}.parquet", f"read_parquet('{path}.parquet')", table, ("*",)),
            f"select '{name}.csv' as item, count(*) as value from {csv}",
        ]
    return Comparison(
        name="files_equal_the_database",
        subjects=(PUBLICATION,),
        layer="publication",
        sentence="Parquet and CSV hold the rows of the analysts' database.",
        left=_union(left),
        right=_union(right),
        measure="rows",
        remedy=_REMEDY,
    )


def _rows_shared(item: str, one: str, other: str, columns: Sequence[str]) -> str:
    """Rows that both have; each further row of the first counts against them."""
    listed = ", ".join(columns)
    shared = f"(select count(*) from (select {listed} from {one} intersect all select {listed} from {other}))"
    return f"select '{item}' as item, {shared} * 2 - (select count(*) from {one}) as value"


def _published_columns(
    con: duckdb.DuckDBPyConnection, kinds: Sequence[str] | None = None
) -> dict[str, list[str]]:
    """Columns of each published table; with `kinds` those of these types."""
    rows = con.execute(
        "select table_name, column_name from duckdb_columns() "
        "where database_name = $1 and schema_name = 'marts' "
        "and ($2 is null or list_contains($2, regexp_extract(data_type, '^\\w+'))) "
        "order by table_name, column_index",
        [_COPY, kinds],
    ).fetchall()
    columns: dict[str, list[str]] = {}
    for table, column in rows:
        columns.setdefault(table, []).append(column)
    return columns


def _union(selects: Iterable[str]) -> str:
    return " union all ".join(selects) or _NOTHING


def _path(path: Path) -> str:
    return str(path).replace("'", "''")
