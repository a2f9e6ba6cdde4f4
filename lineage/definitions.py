"""Definition hashes: what a metric means, as one value that people can sign.

The hash covers the metric's own definition, the canonical SQL of every model upstream of its values, the
steps in Python and the contracts of the sources that they read, the rules of the workspace and the metric's
policy. Formatting and comments do not change it, a predicate does. Versions of software are not part of it:
they belong to the environment. docs/definitions.md says what is a rule and what is evidence.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import duckdb

from lineage.canonical_sql import canonical_sql
from lineage.compiled_models import ModelReader
from lineage.ledger import canonical_json

WORDS = (  # they explain; changing them changes no number
    *("title", "sentence", "owner", "description"),
    *("indicator", "work_stage", "objective", "audience", "distortions", "retire_on", "is_retired"),
)
_VALUES = "marts.mart_metric_values"
_CELLS = "int_metric_cells"  # a metric's own part of it is hashed, see `lineage.cell_slices`
_ENUMERATING = ("dim_metrics", _CELLS)  # each metric's own row of `dim_metrics` is hashed instead
_CAUSE_SHARE = "dispositions_unknown_share"  # stands beside every metric that reads dispositions


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """A metric's definition, or a mart's: the hash, the document that was hashed, the texts that it names.

    Attributes:
        metric: The metric; for a mart its relation, such as `marts.mart_team_scorecard`.
        sha256: Of the document's canonical JSON.
        document: What was hashed; it names SQL, contracts of sources and steps by their hashes.
        texts: These parts by their SHA-256: canonical SQL, or canonical JSON.
        words: What explains the metric and changes no number, by version and profile.
    """

    metric: str
    sha256: str
    document: Mapping[str, Any]
    texts: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What beside the models gives a metric its meaning.

    Attributes:
        parameters: Rules that concern every metric.
        rules: By source table (`config.rules`): the rows of rules that models read; only a metric whose
            upstream reads the table has them in its definition.
        steps: By source table (`computed.working_hours`): hashes of the parts of the Python that writes it.
        policies: By metric: the effective policy.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)
    steps: Mapping[str, Any] = field(default_factory=dict)
    policies: Mapping[str, Any] = field(default_factory=dict)


def read_definitions(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the rows of `marts.dim_metrics` as dictionaries, ordered by metric, version and profile."""
    result = con.execute("select * from marts.dim_metrics order by metric, metric_version, profile")
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def define_metrics(
    manifest: Mapping[str, Any],
    definitions: Iterable[Mapping[str, Any]],
    *,
    parameters: Mapping[str, Any] | None = None,
    circumstances: Circumstances | None = None,
) -> dict[str, MetricDefinition]:
    """Hash every metric.

    Args:
        manifest: dbt's `manifest.json` of a compilation without incremental state (`--full-refresh`), so that
            the SQL does not depend on what was built before.
        definitions: rows of `dim_metrics`; each names its `fact_relation` as `schema.table`.
        parameters: rules that concern every metric, where that is all.
        circumstances: everything beside the models.

    Raises:
        DefinitionError: a relation is no model of the manifest, or a model has no compiled SQL.
    """
    given = circumstances or Circumstances(parameters=parameters or {})
    models = ModelReader(manifest)
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in definitions:
        rows.setdefault(str(row["metric"]), []).append(row)
    return {metric: _define_metric(models, metric, rows[metric], given) for metric in sorted(rows)}


def define_marts(
    manifest: Mapping[str, Any], relations: Iterable[str], *, circumstances: Circumstances
) -> dict[str, MetricDefinition]:
    """Hash what makes the published marts, by relation: scorecard, objectives, flow.

    Args:
        manifest: see `define_metrics`.
        relations: marts as `schema.table`.
        circumstances: everything beside the models; policies are of metrics and left out.

    Raises:
        DefinitionError: see `define_metrics`.
    """
    models = ModelReader(manifest)
    return {
        relation: _hashed(
            relation, _upstream(models, models.closure([relation], leaving_out=()), circumstances)
        )
        for relation in sorted(relations)
    }


def _define_metric(
    models: ModelReader, metric: str, versions: Sequence[Mapping[str, Any]], given: Circumstances
) -> MetricDefinition:
    relations = {str(row["fact_relation"]) for row in versions}
    names = {metric} | ({_CAUSE_SHARE} if any(row.get("reads_dispositions") for row in versions) else set())
    slices = models.slices(_CELLS, names)
    relations.update(name for each in slices.values() for name in each.relations)
    closure = models.closure(sorted(relations | set(models.present([_VALUES]))), leaving_out=_ENUMERATING)
    upstream = _upstream(models, closure, given, cells={name: each.text for name, each in slices.items()})
    own = {
        "definition": [_definition(row) for row in versions],
        "policy": plain(given.policies.get(metric, {})),
    }
    words = {
        f"{row.get('profile', '')} {row.get('metric_version', '')}".strip(): plain(
            {name: row[name] for name in WORDS if row.get(name) is not None}
        )
        for row in versions
    }
    return _hashed(metric, upstream, own=own, words=words)


@dataclass(frozen=True, slots=True)
class _Upstream:
    parts: Mapping[str, Any]
    texts: Mapping[str, str]


def _upstream(
    models: ModelReader,
    closure: Sequence[str],
    given: Circumstances,
    *,
    cells: Mapping[str, str] | None = None,
) -> _Upstream:
    texts: dict[str, str] = {}

    def kept(part: Any) -> str:
        text = part if isinstance(part, str) else canonical_json(plain(part)).decode()
        digest = hashlib.sha256(text.encode()).hexdigest()
        texts[digest] = text
        return digest

    tables = {models.table(name) for name in closure if not models.is_model(name)}
    parts = {
        "models": {name: kept(models.sql(name)) for name in closure if models.is_model(name)},
        "settings": {name: kept(found) for name in closure if (found := models.settings(name))},
        "cells": {name: kept(text) for name, text in sorted((cells or {}).items())},
        "sources": {name: kept(models.contract(name)) for name in closure if not models.is_model(name)},
        "steps": {name: kept(given.steps[name]) for name in sorted(tables & set(given.steps))},
        "rules": {name: plain(given.rules[name]) for name in sorted(tables & set(given.rules))},
        "parameters": plain(given.parameters),
    }
    return _Upstream(parts, texts)


def _hashed(
    metric: str,
    upstream: _Upstream,
    *,
    own: Mapping[str, Any] | None = None,
    words: Mapping[str, Any] | None = None,
) -> MetricDefinition:
    document = {"v": 2, "metric": metric, **(own or {}), **upstream.parts}
    digest = hashlib.sha256(canonical_json(document)).hexdigest()
    return MetricDefinition(metric, digest, document, upstream.texts, words or {})


def _definition(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `dim_metrics` without its explanations, its SQL canonical and its JSON parsed."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name in WORDS or value is None:
            continue
        if name.endswith("_sql"):
            found[name] = canonical_sql(str(value))
        elif name.endswith("_json"):
            found[name] = _without_words(plain(json.loads(value, parse_float=Decimal)))
        else:
            found[name] = plain(value)
    return found


def _without_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_words(item) for name, item in value.items() if name not in WORDS}
    if isinstance(value, list):
        return [_without_words(item) for item in value]
    return value


def plain(value: Any) -> Any:
    """Spell a value for canonical JSON: numbers with a fraction as text, anything else by its own name."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (float, Decimal)):
        return format(Decimal(str(value)).normalize(), "f")
    return str(value)
