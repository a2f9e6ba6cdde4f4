"""What changed between two definitions, in words and in SQL."""

import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineage.canonical_sql import pretty_sql
from lineage.clause_changes import clause_changes

_FORMULAS = ("filter_sql", "value_sql", "measure_sql", "numerator_sql", "denominator_sql", "n_sql")
_NAMES = {
    "filter_sql": "the filter",
    "value_sql": "the formula",
    "measure_sql": "the measure",
    "numerator_sql": "the numerator",
    "denominator_sql": "the denominator",
    "n_sql": "the count behind n",
    "minimum_n": "the minimum n",
    "fact_relation": "the facts",
    "event_at_column": "the day that an event counts on",
    "review_by": "the day of the next review",
    "required_roles": "the roles that must sign",
    "scope_kinds": "the kinds of scope that are shown",
    "tier": "the tier",
    "time_zone": "the reporting time zone",
}
_DERIVED = ("definition_json",)  # says the same as the columns beside it
_SHOWN_CHARACTERS = 160

Part = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs between two definitions.

    Attributes:
        part: Where: definition, policy, model, cells, source, step, rule, parameter, settings.
        name: Of what: the column, the model, the table.
        words: One sentence.
        sql_diff: A unified diff of the canonical SQL laid out for reading; empty where there is no SQL.
    """

    part: str
    name: str
    words: str
    sql_diff: str = ""


def compare_definitions(
    old: Mapping[str, Any], new: Mapping[str, Any], *, old_part: Part, new_part: Part
) -> list[Change]:
    """Return what changed between two documents of a metric, the nearest to the number first.

    Args:
        old: The earlier document.
        new: The later one.
        old_part: Reads the parts of the earlier one by hash, see `DefinitionStore.part`.
        new_part: Reads those of the later one.

    Raises:
        DefinitionError: a part cannot be read.
    """
    return [
        *_row_changes(old.get("definition", ()), new.get("definition", ())),
        *_mapping_changes("policy", old.get("policy", {}), new.get("policy", {})),
        *_mapping_changes("parameter", old.get("parameters", {}), new.get("parameters", {})),
        *_rule_changes(old.get("rules", {}), new.get("rules", {})),
        *_sql_changes("cells", old, new, old_part=old_part, new_part=new_part),
        *_sql_changes("models", old, new, old_part=old_part, new_part=new_part),
        *_json_changes("settings", old, new, old_part=old_part, new_part=new_part),
        *_json_changes("sources", old, new, old_part=old_part, new_part=new_part),
        *_json_changes("steps", old, new, old_part=old_part, new_part=new_part),
    ]


def _row_changes(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> Iterator[Change]:
    before, after = ({_row_key(row): row for row in rows} for rows in (old, new))
    paired = set(before) & set(after)
    if not paired and len(before) == len(after) == 1:  # a new version of the one that there was
        yield from _columns(next(iter(before.values())), next(iter(after.values())))
        return
    for key in sorted({*before, *after}):
        if key not in before:
            yield Change("definition", key, f"the version {key} was added")
        elif key not in after:
            yield Change("definition", key, f"the version {key} was removed")
        else:
            yield from _columns(before[key], after[key])


def _row_key(row: Mapping[str, Any]) -> str:
    return f"{row.get('profile', '')} {row.get('metric_version', '')}".strip()


def _columns(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        if name in _DERIVED or old.get(name) == new.get(name):
            continue
        if name in _FORMULAS:
            yield _formula_change(name, old.get(name), new.get(name))
        else:
            yield Change("definition", name, _value_words(name, old.get(name), new.get(name)))


def _formula_change(name: str, old: Any, new: Any) -> Change:
    called = _NAMES[name]
    if old is None or new is None:
        text = f"{called} was {'added' if old is None else 'removed'}: {_short(new if old is None else old)}"
        return Change("definition", name, text)
    found = clause_changes(f"SELECT 1 WHERE {old}", f"SELECT 1 WHERE {new}") if name == "filter_sql" else []
    words = "; ".join(found) or f"{called} changed from {_short(old)} to {_short(new)}"
    return Change("definition", name, words, _unified(str(old), str(new), name))


def _mapping_changes(part: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            for change in _mapping_changes(part, before, after):
                yield Change(part, f"{name}.{change.name}", f"{name}: {change.words}")
        else:
            yield Change(part, name, _value_words(name, before, after))


def _value_words(name: str, old: Any, new: Any) -> str:
    called = _NAMES.get(name, f"`{name}`")
    if _is_number(old) and _is_number(new):
        direction = "raised" if new > old else "lowered"
        return f"{called} was {direction} from {old} to {new}"
    if isinstance(old, list) and isinstance(new, list):
        gone = [item for item in old if item not in new]
        come = [item for item in new if item not in old]
        parts = [f"{verb} {_short(items)}" for verb, items in (("lost", gone), ("gained", come)) if items]
        return f"{called} {' and '.join(parts) or 'came into another order'}"
    if old is None:
        return f"{called} was set to {_short(new)}"
    if new is None:
        return f"{called} was removed; it was {_short(old)}"
    return f"{called} changed from {_short(old)} to {_short(new)}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _rule_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for table in sorted({*old, *new}):
        before, after = old.get(table), new.get(table)
        if before == after:
            continue
        if before is None or after is None:
            happened = "is read now" if before is None else "is read no more"
            yield Change("rule", table, f"the table of rules {table} {happened}")
        elif isinstance(before, Mapping) and isinstance(after, Mapping):
            for change in _mapping_changes("rule", before, after):
                yield Change("rule", f"{table}.{change.name}", f"{table}: {change.words}")
        elif len(before) == len(after) == 1:
            for change in _mapping_changes("rule", before[0], after[0]):
                yield Change("rule", f"{table}.{change.name}", f"{table}: {change.words}")
        else:
            yield from _row_set_changes(table, before, after)


def _row_set_changes(table: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Change]:
    for verb, rows in (
        ("removed", [row for row in old if row not in new]),
        ("added", [row for row in new if row not in old]),
    ):
        for row in rows:
            yield Change("rule", table, f"{table}: a rule was {verb}: {_short(row)}")


def _sql_changes(
    part: str, old: Mapping[str, Any], new: Mapping[str, Any], *, old_part: Part, new_part: Part
) -> Iterator[Change]:
    before, after = old.get(part, {}), new.get(part, {})
    for name in sorted({*before, *after}):
        if before.get(name) == after.get(name):
            continue
        called = f"the cells of {name}" if part == "cells" else f"the model {name.rpartition('.')[2]}"
        if name not in before or name not in after:
            happened = "joined the upstream" if name not in before else "left the upstream"
            yield Change(part, name, f"{called} {happened}")
            continue
        one, other = old_part(before[name]), new_part(after[name])
        words = "; ".join(clause_changes(one, other)) or "its SQL changed"
        yield Change(part, name, f"{called} changed: {words}", _unified(one, other, name))


def _json_changes(
    part: str, old: Mapping[str, Any], new: Mapping[str, Any], *, old_part: Part, new_part: Part
) -> Iterator[Change]:
    called = {"sources": "the source", "steps": "the step in Python for", "settings": "the model"}[part]
    before, after = old.get(part, {}), new.get(part, {})
    for name in sorted({*before, *after}):
        if before.get(name) == after.get(name):
            continue
        short = ".".join(name.split(".")[-2:])
        if name not in before or name not in after:
            happened = "joined the upstream" if name not in before else "left the upstream"
            yield Change(part, name, f"{called} {short} {happened}")
            continue
        one, other = json.loads(old_part(before[name])), json.loads(new_part(after[name]))
        for change in _flat_changes(part, one, other):
            yield Change(part, name, f"{called} {short}: {change}")


def _flat_changes(part: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    noun = {"sources": "the column", "settings": "the setting", "steps": "the part"}[part]
    before, after = dict(_leaves(old)), dict(_leaves(new))
    for name in sorted({*before, *after}):
        if name not in after:
            yield f"{noun} {name} was removed"
        elif name not in before:
            yield f"{noun} {name} was added"
        elif before[name] != after[name]:
            detail = "" if part == "steps" else f" from {_short(before[name])} to {_short(after[name])}"
            yield f"{noun} {name} changed{detail}"


def _leaves(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        if isinstance(item, Mapping):
            yield from _leaves(item, "" if name in ("columns", "types") else f"{prefix}{name}: ")
        else:
            yield f"{prefix}{name}", item


def _unified(old: str, new: str, name: str) -> str:
    lines = difflib.unified_diff(
        pretty_sql(old).splitlines(),
        pretty_sql(new).splitlines(),
        f"{name} before",
        f"{name} after",
        lineterm="",
    )
    return "\n".join(lines)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]} ..."
