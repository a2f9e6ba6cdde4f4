"""The data contract of each stream: what its staging model reads, as declarations and models say it.

A generated model reads what the connector declares. Of a model that is written by hand its own SQL is asked:
the structure that DuckDB's JSON reader is given, the types of its columns and what it calls missing.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path as FilePath
from typing import Any, Final

import jinja2
import yaml

from connectors.kinds import SourceKind
from connectors.sources import SOURCE_KINDS
from connectors.streams import Stream
from orchestration.staging_models.folder import MODELS, PROJECT
from orchestration.staging_models.paths import Path, joined, parse_path
from orchestration.staging_models.staged_stream_plan import envelope_keys
from orchestration.stream_contracts import STREAM_CONTRACTS
from quality_checks.source_drift.contracts import (
    ITEM,
    FieldContract,
    FieldPath,
    FieldType,
    SourceContract,
    with_parents,
)

_SET: Final = re.compile(r"{%-?\s*set\s+(\w+)\s*=\s*(.*?)\s*-?%}", re.DOTALL)
_RETURNING: Final = re.compile(
    r"{%-?\s*macro\s+(\w+)\(\)\s*-?%}\s*(?:{{|{%)-?\s*(?:do\s+)?return\((.*?)\)\s*-?(?:}}|%})\s*{%-?\s*endmacro",
    re.DOTALL,
)
_STRUCTURE_MACRO: Final = re.compile(r"records\w*\(.*?\b(api_commit_structure)\(\)", re.DOTALL)
_RECORD: Final = re.compile(r'\b(record|fields)((?:\.(?:\w+|"[^"]+"))+)')
_KEY: Final = re.compile(r'\.(?:"([^"]+)"|(\w+))')
_MISSING: Final = re.compile(r"missing\('(record(?:\.\w+)+)'\)")
_TYPES: Final[Mapping[str, FieldType]] = {"VARCHAR": "varchar", "JSON": "json"}
_COLUMN_TYPES: Final = frozenset(
    {
        "bigint",
        "integer",
        "double",
        "boolean",
        "date",
        "timestamptz",
        "epoch_seconds",
        "epoch_milliseconds",
        "varchar",
    }
)
_SAMPLES: Final = (
    FieldContract(("metric",), "object"),
    FieldContract(("values",), "list"),
)
_STATED: Final[Mapping[tuple[str, str], tuple[FieldContract, ...]]] = {
    ("prometheus", "range_samples"): _SAMPLES,
    ("prometheus", "alerts_history"): _SAMPLES,
    ("jira", "changelogs"): tuple(
        FieldContract((*entry, *path), "varchar")
        for entry in ((), ("changeHistories", ITEM))
        for path in (("id",), ("created",), ("items", ITEM, "field"), ("items", ITEM, "fieldId"))
    ),
    ("drops", "rows"): (FieldContract(("values",), "json", shows_keys=True),),
}
"""What is read by macros that no structure names, and the columns of files as given."""
_PIPELINE_WORDS: Final[Mapping[tuple[str, str], str]] = {
    ("gitlab", "pipelines"): "status",
    ("gitlab", "jobs"): "status",
    ("gitlab", "deployments"): "status",
    ("github", "workflow_jobs"): "conclusion",
    ("circleci", "workflows"): "status",
    ("circleci", "jobs"): "status",
}
"""Columns of which one vocabulary (macro `status_words`) says what each word means."""
_READ_AS_ANY: Final = frozenset(
    {
        ("github", "commits", ("author",)),
        ("github", "pull_request_commits", ("author",)),
        ("jira", "issues", ("fields", "description")),
    }
)
"""Objects that a model takes as text and reads apart."""
_SEPARATED: Final[Mapping[tuple[str, str], int]] = {("git", "commits"): 10, ("git", "tags"): 4}
_OTHER_ENVELOPES: Final[Mapping[tuple[str, str], tuple[tuple[str, ...], ...]]] = {
    ("jira", "changelogs"): (("values",),)
}


@cache
def source_contracts(kinds: Collection[str]) -> tuple[SourceContract, ...]:
    """Return the contract of every staged stream of these kinds of source.

    Args:
        kinds: Names of kinds, as a frozen set.
    """
    return tuple(
        source_contract(kind, stream)
        for kind in SOURCE_KINDS.values()
        if kind.name in kinds
        for stream in kind.streams
        if stream.is_staged
    )


def source_contract(kind: SourceKind, stream: Stream, project: FilePath = PROJECT) -> SourceContract:
    """Return what staging reads of one stream.

    Args:
        kind: The kind of source.
        stream: The declaration.
        project: The dbt project with the models that are written by hand.
    """
    name = (kind.name, stream.name)
    envelope = envelope_keys(stream)
    if name in _SEPARATED:
        return SourceContract(*name, is_separated=True, least_parts=_SEPARATED[name])
    is_nested = name == ("jenkins", "jobs")
    fields = [] if is_nested else [*_declared(stream), *_written(kind.name, stream, project)]
    fields += [] if is_nested else _worded(kind.name, stream, project)
    fields = [each for each in fields if (*name, each.path) not in _READ_AS_ANY]
    fields += [FieldContract(path, "any") for *of, path in _READ_AS_ANY if tuple(of) == name]
    fields += _STATED.get(name, ())
    fields += [] if is_nested else _keys(kind.name, stream)
    return SourceContract(
        *name,
        fields=with_parents(fields),
        envelope=envelope,
        optional_envelopes=_OTHER_ENVELOPES.get(name, ()),
    )


def _declared(stream: Stream) -> Iterator[FieldContract]:
    """Give what a generated model reads: columns, the instant that orders versions, accounts."""
    for column in stream.columns:
        path = parse_path(column.path)
        if path.page is not None:
            continue
        type_: FieldType = "varchar" if column.type == "varchar[]" else column.type
        is_list = column.type == "varchar[]"
        yield _field(
            path, type_, is_list=is_list, is_required=column.is_required, words=_words(column.values)
        )
    for enumeration in stream.enumerations:
        yield _field(parse_path(enumeration.path), "varchar", words=_words(enumeration.values))
    if stream.columns and stream.updated_at is not None:
        yield _field(parse_path(stream.updated_at), stream.updated_at_type)
    for account in stream.accounts:
        yield _field(parse_path(joined(account.path, account.id)), "varchar")
        for name in filter(None, (account.login, account.name, account.email, account.type)):
            yield _field(parse_path(joined(account.path, name)), "any")


def _field(
    path: Path,
    type_: FieldType,
    *,
    is_list: bool = False,
    is_required: bool = False,
    words: frozenset[str] = frozenset(),
) -> FieldContract:
    """One place as a contract has it; of a place in a list the list is read."""
    keys: list[str] = []
    for key in path.keys:
        if isinstance(key, int):
            return FieldContract(tuple(keys), "list", is_required=is_required)
        keys.append(key)
    if path.below is None and is_list:
        keys.append(ITEM)
    for level in path.below or ():
        keys += [ITEM, *level]
    return FieldContract(tuple(keys), type_, is_required=is_required and ITEM not in keys, words=words)


def _words(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value.lower() for value in values)


def _worded(kind: str, stream: Stream, project: FilePath) -> Iterator[FieldContract]:
    """Give the values of enumerations: those that a model's test accepts, and the words of pipelines."""
    model = project / MODELS / kind / f"stg_{kind}__{stream.name}.yml"
    text = model.read_text(encoding="utf-8") if model.exists() else ""
    accepted = _accepted_values(yaml.safe_load(text)) if "accepted_values" in text else {}
    if (kind, stream.name) in _PIPELINE_WORDS:
        words = _macros(project)["status_words"]()[kind]
        accepted[_PIPELINE_WORDS[kind, stream.name]] = [word for each in words.values() for word in each]
    if not accepted:
        return
    sql = model.with_suffix(".sql").read_text(encoding="utf-8")
    for name, expression, _ in _names(sql, _macros(project)).get("columns") or ():
        found = _RECORD.fullmatch(expression)
        if found and name in accepted:
            known = frozenset(str(word).lower() for word in accepted[name])
            yield FieldContract(_path(found[1], found[2]), "varchar", words=known)


def _accepted_values(document: Any) -> dict[str, list[str]]:
    return {
        column["name"]: test["accepted_values"]["arguments"]["values"]
        for model in document["models"]
        for column in model["columns"]
        for test in column.get("data_tests", ())
        if isinstance(test, dict) and "accepted_values" in test
    }


def _keys(kind: str, stream: Stream) -> Iterator[FieldContract]:
    if (kind, stream.name) in _OTHER_ENVELOPES:
        return  # records of two shapes, each with a key of its own
    contract = next(each for each in STREAM_CONTRACTS if (each.kind, each.stream) == (kind, stream.name))
    for key in stream.keys:
        path = parse_path(key)
        if path.page is None:
            yield _field(path, "any", is_required=not contract.is_key_optional)


def _written(kind: str, stream: Stream, project: FilePath) -> Iterator[FieldContract]:
    """Give what models read that are written by hand, those of nested records too."""
    folder, model = project / MODELS / kind, f"stg_{kind}__{stream.name}"
    macros = _macros(project)
    for file in sorted({*folder.glob(f"{model}.sql"), *folder.glob(f"{model}__*.sql")}):
        sql = file.read_text(encoding="utf-8")
        names = _names(sql, macros)
        structure = names.get("structure")
        called = _STRUCTURE_MACRO.search(sql)
        if structure is None and called is not None:
            structure = macros[called[1]]()
        if isinstance(structure, dict) and not (stream.columns and file.stem == model):
            yield from _structured(structure, ())
        if not (stream.columns and file.stem == model):
            yield from _typed(names.get("columns") or ())
        if file.stem == model and not stream.columns:
            yield from _required(sql)


def _structured(structure: Any, path: FieldPath) -> Iterator[FieldContract]:
    if isinstance(structure, dict):
        for key, below in structure.items():
            yield from _structured(below, (*path, str(key)))
    elif isinstance(structure, list):
        yield from _structured(structure[0], (*path, ITEM))
    else:
        yield FieldContract(path, _TYPES.get(str(structure), "object"))


def _typed(columns: Iterable[tuple[str, str, str]]) -> Iterator[FieldContract]:
    """Give the types of the columns that are cast from one text."""
    for _, expression, type_ in columns:
        if type_ in _COLUMN_TYPES:
            for root, keys in _RECORD.findall(expression):
                yield FieldContract(_path(root, keys), type_)  # type: ignore[arg-type] # one of these types


def _required(sql: str) -> Iterator[FieldContract]:
    for expression in _MISSING.findall(sql):
        root, keys = _RECORD.findall(expression)[0]
        yield FieldContract(_path(root, keys), "any", is_required=True)


def _path(root: str, keys: str) -> FieldPath:
    found = tuple(quoted or plain for quoted, plain in _KEY.findall(keys))
    return ("fields", *found) if root == "fields" else found


@cache
def _macros(project: FilePath) -> Mapping[str, Callable[[], Any]]:
    """Return the macros that give nothing but a value."""
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - expressions of our own models
    found: dict[str, Callable[[], Any]] = {}
    for file in sorted((project / "macros").rglob("*.sql")):
        for name, expression in _RETURNING.findall(file.read_text(encoding="utf-8")):
            found[name] = _evaluation(environment, expression, found)
    return found


def _evaluation(
    environment: jinja2.Environment, expression: str, names: Mapping[str, Any]
) -> Callable[[], Any]:
    def evaluate() -> Any:
        return environment.compile_expression(expression)(**names)

    return evaluate


def _names(sql: str, macros: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model's file sets; what needs dbt is left out."""
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - see above
    names: dict[str, Any] = {}
    for name, expression in _SET.findall(sql):
        try:
            names[name] = environment.compile_expression(expression)(**macros, **names)
        except (jinja2.TemplateError, TypeError):
            continue
    return names
