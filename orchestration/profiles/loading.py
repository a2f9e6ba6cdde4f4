"""Reading tables that somebody brings: columns by name, values by type, and each fault with its remedy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import duckdb

from orchestration.errors import UsageError
from orchestration.profiles.definition import Column, Shape
from orchestration.profiles.rendering import relation
from orchestration.profiles.tables import GivenTables

TYPES = {
    "varchar": "a text",
    "timestamptz": "an instant such as 2026-05-04 10:00:00 (UTC) or 2026-05-04T10:00:00+02:00",
    "bigint": "a whole number",
}
NOTHING = "NULL"
TEXT = ("VARCHAR",)
INSTANTS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE")
INTEGERS = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT", "UINTEGER", "HUGEINT")


def columns(*names: str, **types: str) -> tuple[Column, ...]:
    """Columns of a table that only older data has, texts unless told otherwise."""
    return tuple(Column(name, types.get(name, "varchar"), "", is_optional=False) for name in (*names, *types))


ISSUES = Shape(
    "issues", "issues", "", ("id",),
    columns("id", "type", created_date="timestamptz", resolution_date="timestamptz"),
)  # fmt: skip
BOARD_ISSUES = Shape(
    "board_issues", "board_issues", "", ("board_id", "issue_id"), columns("board_id", "issue_id")
)
COMMITS = Shape("commits", "commits", "", ("sha",), columns("sha", authored_date="timestamptz"))

ADD_INCIDENT_ISSUES = f"""
    insert into {relation("int_domain__incidents")} by name
    select
        issues.id, 'boards' as "table", boards.board_id as scope_id,
        issues.created_date, issues.resolution_date
    from {relation("issues")} as issues
    join {relation("board_issues")} as boards on boards.issue_id = issues.id
    where issues.type = 'INCIDENT' and issues.id not in (select id from {relation("int_domain__incidents")})
"""
ADD_AUTHORED_DATES = f"""
    update {relation("int_domain__pull_request_commits")} as own
    set commit_authored_date = commits.authored_date
    from {relation("commits")} as commits
    where commits.sha = own.commit_sha and own.commit_authored_date is null
"""


@dataclass
class Loading:
    """Loads tables into the schema `profile` of a connection and collects what is wrong with them."""

    connection: duckdb.DuckDBPyConnection
    tables: GivenTables
    problems: list[str] = field(default_factory=list)

    def load(self, shape: Shape) -> None:
        """Load the table of one shape, and what older data keeps elsewhere."""
        if shape.table == "incidents":
            self._incidents(shape)
        elif not self._load(shape):
            self.problems.append(self._missing_table(shape.table, shape.columns))
        elif shape.table == "pull_request_commits" and self._load(COMMITS):
            self.connection.execute(ADD_AUTHORED_DATES)

    def finish(self) -> None:
        """Refuse what was found wrong.

        Raises:
            UsageError: Tables or columns are missing, or values have the wrong type.
        """
        if self.problems:
            found = "\n".join(f"  {problem}" for problem in self.problems)
            raise UsageError(f"the tables in {self.tables.place} cannot be read:\n{found}")

    def _incidents(self, shape: Shape) -> None:
        """Incidents of their own table, and issues of type INCIDENT that are not in it."""
        has_incidents = self._load(shape)
        has_issues = self.tables.relation(self.connection, ISSUES.table) is not None
        if not has_incidents and not has_issues:
            self.problems.append(
                self._missing_table(shape.table, shape.columns, "or issues and board_issues")
            )
        if not has_incidents:
            self._create_empty(shape)
        if has_issues and self._load(ISSUES):
            if self._load(BOARD_ISSUES):
                self.connection.execute(ADD_INCIDENT_ISSUES)
            elif not has_incidents:
                self.problems.append(self._missing_table(BOARD_ISSUES.table, BOARD_ISSUES.columns))

    def _load(self, shape: Shape) -> bool:
        """Load a table if it is there; a faulty one is there, and stays empty."""
        source = self.tables.relation(self.connection, shape.table)
        if source is None:
            return False
        given = self._given_types(shape, source)
        faults = list(self._column_faults(shape, given)) or list(self._value_faults(shape, given, source))
        self.problems.extend(faults)
        if faults:
            self._create_empty(shape)
            return True
        picked = ", ".join(f'{_cast(each, given)} as "{each.name}"' for each in shape.columns)
        self.connection.execute(
            f"create or replace table {relation(shape.model)} as select distinct {picked} from {source}"
        )
        self.problems.extend(self._key_faults(shape))
        return True

    def _create_empty(self, shape: Shape) -> None:
        columns = ", ".join(f'"{each.name}" {each.data_type}' for each in shape.columns)
        self.connection.execute(f"create or replace table {relation(shape.model)} ({columns})")

    def _given_types(self, shape: Shape, source: str) -> dict[str, str]:
        """Types of the columns; one that holds nothing is of no type, whatever its file says."""
        rows = self.connection.execute(f"describe select * from {source}").fetchall()
        given = {str(row[0]).lower(): str(row[1]) for row in rows}
        for column in shape.columns:
            if column.name in given and not _may_be(column.data_type, given[column.name]):
                count = self.connection.execute(f'select count("{column.name}") from {source}').fetchone()
                if count == (0,):
                    given[column.name] = NOTHING
        return given

    def _column_faults(self, shape: Shape, given: Mapping[str, str]) -> Iterator[str]:
        for column in shape.columns:
            if column.name not in given and not column.is_optional:
                meaning = f": {column.description}" if column.description else ""
                yield (
                    f"{shape.table} has no column {column.name}{meaning} "
                    f"Add it; its values are {TYPES[column.data_type]}."
                )
            elif column.name in given and not _may_be(column.data_type, given[column.name]):
                yield (
                    f"{shape.table}.{column.name} has the type {given[column.name]}. "
                    f"Make its values {TYPES[column.data_type]}."
                )

    def _value_faults(self, shape: Shape, given: Mapping[str, str], source: str) -> Iterator[str]:
        for column in shape.columns:
            if column.data_type == "varchar" or given.get(column.name) not in TEXT:
                continue
            row = self.connection.execute(
                f'select count(*), min("{column.name}") from {source} '
                f"where coalesce(trim(\"{column.name}\"), '') <> '' and {_cast(column, given)} is null"
            ).fetchone()
            if row and row[0]:
                yield (
                    f"{shape.table}.{column.name} holds values that are not {TYPES[column.data_type]}: "
                    f"{row[0]} of them, among them {row[1]!r}. Mend them, or leave them empty."
                )

    def _key_faults(self, shape: Shape) -> Iterator[str]:
        key = ", ".join(f'"{name}"' for name in shape.key)
        row = self.connection.execute(
            f"select {key}, count(*) from {relation(shape.model)} group by {key} having count(*) > 1 "
            f"order by {key} limit 1"
        ).fetchone()
        if row:
            values = ", ".join(f"{name} = {value}" for name, value in zip(shape.key, row, strict=False))
            yield f"{shape.table} has {row[-1]} different rows with {values}. Keep the one that is right."

    def _missing_table(self, table: str, columns: tuple[Column, ...], instead: str = "") -> str:
        needed = ", ".join(column.name for column in columns if not column.is_optional)
        more = f" ({instead})" if instead else ""
        return f"there is no table {table}{more}. Add it with the columns {needed}."


def _may_be(data_type: str, given: str) -> bool:
    """Whether a column's given type can hold values of a type."""
    if given == NOTHING:
        return True
    if data_type == "varchar":
        return given in TEXT or given in INTEGERS
    if data_type == "timestamptz":
        return given in TEXT or given in INSTANTS or given == "TIMESTAMP WITH TIME ZONE"
    return given in TEXT or given in INTEGERS


def _cast(column: Column, given: Mapping[str, str]) -> str:
    """Return the expression of a column's value in its type; a zoneless instant is one of UTC."""
    name, kind = f'"{column.name}"', given.get(column.name)
    if kind in (None, NOTHING):
        return f"cast(null as {column.data_type})"
    if column.data_type == "varchar":
        return f"cast({name} as varchar)"
    if kind in TEXT:
        return f"try_cast(nullif(trim({name}), '') as {column.data_type})"
    if column.data_type == "timestamptz" and kind in INSTANTS:
        return f"timezone('UTC', cast({name} as timestamp))"
    return f"cast({name} as {column.data_type})"
