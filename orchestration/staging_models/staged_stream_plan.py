"""What a declared stream becomes in staging: columns with their expressions, keys, and what is a loss."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

import duckdb

from connectors.streams import Account, Column, ColumnType, Stream
from orchestration.staging_models.paths import Path, joined, parse_path
from orchestration.staging_models.record_shape import RecordShape, record_shape

SQL_TYPES: Final[Mapping[ColumnType, str]] = {
    "varchar": "varchar",
    "bigint": "bigint",
    "integer": "integer",
    "double": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamptz": "timestamptz",
    "epoch_seconds": "timestamptz",
    "epoch_milliseconds": "timestamptz",
    "varchar[]": "varchar[]",
    "json": "varchar",
}
UPDATED: Final = "source_updated_at"
ADDED: Final = ("source", "record_id", UPDATED, "cast_loss_count")
_RESERVED: Final = (*ADDED, "record", "ordinal", "page_position", "log_index")
_PAGES_OWN: Final[Mapping[str, str]] = {"scope": "@scope", "parent_key": "@parent_key"}
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_NAMESPACE: Final = re.compile(r"[a-z][a-z0-9_-]*")
_NO_KEYS: Final = ("double", "varchar[]")


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """A column that is cast from one text.

    Attributes:
        name: Its name.
        expression: The text, as SQL over a record.
        type: How it is read.
    """

    name: str
    expression: str
    type: ColumnType


@dataclass(frozen=True, slots=True)
class ListColumn:
    """A column of texts.

    Attributes:
        name: Its name.
        expression: The list as JSON text.
        below: Keys of each item, once for each level of lists.
    """

    name: str
    expression: str
    below: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class StagedAccount:
    """Somebody whom a record names.

    Attributes:
        declared: The declaration.
        path: Where the account's identity stands.
        object: Where the account stands.
    """

    declared: Account
    path: Path
    object: Path

    @property
    def role(self) -> str:
        """What the account is to the record."""
        return self.declared.role

    @property
    def is_list(self) -> bool:
        """Whether the record names many in that role."""
        return self.path.is_list

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """Names and types of its columns."""
        if self.is_list:
            return ((f"{self.role}_tokens", "varchar[]"),)
        return ((f"{self.role}_token", "varchar"), (f"is_{self.role}_bot", "boolean"))


@dataclass(frozen=True)
class StagedStreamPlan:
    """A declared stream as its staging model reads it.

    Attributes:
        kind: The kind of source.
        stream: The declaration.
    """

    kind: str
    stream: Stream

    def __post_init__(self) -> None:
        """Refuse a declaration that no model can be made of.

        Raises:
            ValueError: With the stream, and what to declare instead.
        """
        try:
            problem = next(_problems(self), None)
        except ValueError as error:
            problem = str(error)
        if problem is not None:
            raise ValueError(f"{self.kind}.{self.stream.name}: {problem}")

    @property
    def reads_fetch_time(self) -> bool:
        """Whether a column is the time at which the page was complete."""
        return any(parse_path(column.path).page == "fetched_at" for column in self.stream.columns)

    @property
    def table(self) -> str:
        """The raw view."""
        return f"{self.kind}__{self.stream.name}"

    @property
    def model(self) -> str:
        """The staging model."""
        return f"stg_{self.table}"

    @cached_property
    def envelope(self) -> tuple[str, ...]:
        """Keys that lead to the list of records; empty where the body is the list."""
        return envelope_keys(self.stream)

    @cached_property
    def accounts(self) -> tuple[StagedAccount, ...]:
        """Whom a record names."""
        return staged_accounts(self.stream)

    @cached_property
    def paths(self) -> Mapping[str, Path]:
        """The path of each column."""
        return {column.name: parse_path(column.path) for column in self.stream.columns}

    @cached_property
    def shape(self) -> RecordShape:
        """What is read of a record."""
        whole = [self.paths[each.name] for each in self.stream.columns if each.type == "json"]
        texts = [
            self.paths[each.name] for each in self.stream.columns if each.type not in ("json", "varchar[]")
        ]
        lists = [_listed(self.paths[each.name]) for each in self.stream.columns if each.type == "varchar[]"]
        if self.stream.updated_at is not None:
            texts.append(parse_path(self.stream.updated_at))
        people = [account.path for account in self.accounts]
        return record_shape(
            [path for path in (*texts, *lists, *people) if path.page is None],
            whole=[path for path in whole if path.page is None],
        )

    @cached_property
    def typed_columns(self) -> tuple[TypedColumn, ...]:
        """Every column that is cast from one text, `source_updated_at` among them where it is declared."""
        columns = [
            TypedColumn(
                name=UPDATED if column == self.updated_column else column.name,
                expression=self._expression(column),
                type=column.type,
            )
            for column in self.stream.columns
            if column.type != "varchar[]"
        ]
        if self.stream.updated_at is not None and self.updated_column is None:
            path = parse_path(self.stream.updated_at)
            columns.append(TypedColumn(UPDATED, self.shape.text(path), self.stream.updated_at_type))
        return tuple(columns)

    @cached_property
    def list_columns(self) -> tuple[ListColumn, ...]:
        """Every column of texts."""
        paths = {
            each.name: _listed(self.paths[each.name])
            for each in self.stream.columns
            if each.type == "varchar[]"
        }
        return tuple(
            ListColumn(name, self.shape.json(path), path.below or ((),)) for name, path in paths.items()
        )

    @cached_property
    def updated_column(self) -> Column | None:
        """The column that is the instant which orders versions, if it is one."""
        if self.stream.updated_at is None:
            return None
        path = parse_path(self.stream.updated_at)
        found = (
            column
            for column in self.stream.columns
            if self.paths[column.name] == path and column.type == self.stream.updated_at_type
        )
        return next(found, None)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The columns that tell a row from the others of its source."""
        return tuple(self.key_column(key) or "" for key in self.stream.keys)

    @property
    def inner_keys(self) -> tuple[str, ...]:
        """The same before accounts have their tokens."""
        tokens = {f"{account.role}_token": f"{account.role}_account" for account in self.accounts}
        inner = {self.updated_column.name: UPDATED} if self.updated_column else {}
        return tuple(tokens.get(key, inner.get(key, key)) for key in self.keys)

    def key_column(self, key: str) -> str | None:
        """The column of one part of the key: a declared column of that path, or an account's token."""
        path = parse_path(key)
        columns = [name for name, each in self.paths.items() if each == path]
        tokens = [f"{each.role}_token" for each in self.accounts if each.path == path and not each.is_list]
        return next(iter(tokens + columns), None)

    def column(self, name: str) -> Column | None:
        """The declared column of that name."""
        return next((column for column in self.stream.columns if column.name == name), None)

    @property
    def is_about_people(self) -> bool:
        """Whether an account is part of the key."""
        return any(f"{account.role}_token" in self.keys for account in self.accounts)

    @cached_property
    def losses(self) -> tuple[str, ...]:
        """Losses beside failed casts, as Jinja expressions that give SQL."""
        return tuple(_losses(self))

    def _expression(self, column: Column) -> str:
        path = self.paths[column.name]
        if column.type == "json":
            return self.shape.json(path)
        text = self.shape.text(path)
        if path.page is not None and parse_path(column.path) in map(parse_path, self.stream.keys):
            return f"case when record is not null then {text} end"
        return text


def envelope_keys(stream: Stream) -> tuple[str, ...]:
    """Keys that lead to the list of records; empty where the body is the list."""
    if stream.envelope is None:
        return ()
    return tuple(str(key) for key in parse_path(stream.envelope).keys)


def staged_accounts(stream: Stream) -> tuple[StagedAccount, ...]:
    """Whom a record names, with the paths taken apart."""
    return tuple(
        StagedAccount(
            declared=account,
            path=parse_path(joined(account.path, account.id)),
            object=parse_path(account.path),
        )
        for account in stream.accounts
    )


def _losses(plan: StagedStreamPlan) -> Iterator[str]:
    for column in plan.stream.columns:
        path = plan.paths[column.name]
        if column.type == "varchar[]":
            listed = _listed(path)
            yield f"list_loss({jinja(plan.shape.json(listed))}, {jinja_lists(listed.below or ((),))})"
            if column.is_required:
                yield f"missing({jinja(plan.shape.json(listed))})"
        elif column.is_required:
            text = plan.shape.json(path) if column.type == "json" else plan.shape.text(path)
            yield f"missing({jinja(text)})"
    for account in plan.accounts:
        if account.is_list:
            levels = jinja_lists(account.path.below or ((),))
            yield f"list_loss({jinja(plan.shape.json(account.path))}, {levels})"
        elif account.declared.id:
            present, identity = plan.shape.exists(account.object), plan.shape.text(account.path)
            yield jinja(f"{present} and {identity} is null")


def _problems(plan: StagedStreamPlan) -> Iterator[str]:
    yield from _problems_of_names(plan)
    for column in plan.stream.columns:
        yield from _problems_of_column(plan, column)
    for key in plan.stream.keys:
        yield from _problems_of_key(plan, key)
    if not plan.stream.keys:
        yield "it has no key; name the fields that tell its records apart."


def _problems_of_names(plan: StagedStreamPlan) -> Iterator[str]:
    names = [column.name for column in plan.stream.columns]
    names += [name for account in plan.accounts for name, _ in account.columns]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        yield f"two columns are called {doubled[0]}; rename one, or give the accounts different roles."
    for name in names:
        if not _NAME.fullmatch(name) or name in _words_of_sql():
            yield f"{name} is no name for a column; use small letters, digits and _, and no word of SQL."
    for account in plan.accounts:
        if not _NAMESPACE.fullmatch(account.declared.namespace):
            yield f"{account.declared.namespace!r} is no namespace; use small letters, digits, _ and -."


def _problems_of_column(plan: StagedStreamPlan, column: Column) -> Iterator[str]:
    path = plan.paths[column.name]
    if column.name in _RESERVED or _PAGES_OWN.get(column.name, column.path) != column.path:
        yield f"staging has a {column.name} of its own; give the column {column.path} another name."
    if path.is_list and column.type != "varchar[]":
        yield f"{column.path} leads to many values; make it a varchar[], or take the list as json."
    if path.page is not None and column.type in ("json", "varchar[]"):
        yield f"{column.path} is a text of the page and no {column.type}."


def _problems_of_key(plan: StagedStreamPlan, key: str) -> Iterator[str]:
    named = plan.key_column(key)
    column = plan.column(named) if named else None
    if named is None:
        yield f"no column and no account has the key's path {key}; declare one."
    elif column is not None and column.type in _NO_KEYS:
        yield f"the key {key} is a {column.type}, which tells nothing apart; declare another type."


@cache
def _words_of_sql() -> frozenset[str]:
    """Words that DuckDB takes for no column without quotes."""
    query = (
        "select keyword_name from duckdb_keywords() where keyword_category in ('reserved', 'type_function')"
    )
    with duckdb.connect() as con:
        return frozenset(word for (word,) in con.execute(query).fetchall())


def _listed(path: Path) -> Path:
    """A path to a list, whether it ends in `[*]` or names the list."""
    return path if path.is_list else Path(keys=path.keys, below=((),))


def jinja(text: str) -> str:
    """A text as Jinja writes it."""
    if "'" not in text:
        return f"'{text}'"
    return '"' + text.replace('"', '\\"') + '"'


def jinja_lists(levels: tuple[tuple[str, ...], ...]) -> str:
    """Lists of texts as Jinja writes them."""
    return "[" + ", ".join("[" + ", ".join(jinja(key) for key in level) + "]" for level in levels) + "]"
