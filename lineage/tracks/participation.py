"""Taking part in an incident, or reporting one, never enters a person's number (DEFINITIONS §2.6).

Who answers a page, writes the timeline or owns up to a mistake must not pay for it, nor be paid by it. So a
metric with a person's scope may not rest on anything that tells of incidents, a published relation that
does may carry no column of people, and work items that are incidents stay out of what is counted for a
person.

Models say so themselves: `config.meta.concerns: incidents` on whatever tells of incidents, and
`config.meta.incident_flag` with the column that tells incidents apart where a model holds other things too.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lineage.tracks.catalog import WarehouseCatalog
from lineage.tracks.crossing import REMEDIES, Crossing
from lineage.tracks.project import Project, meta_of, parents_of, relation_of

CONCERNS = "incidents"
FLAG = "incident_flag"
_PERSON = re.compile(
    r"(^|_)(account|actor|assignee|author|commander|email|login|person|reporter|responder|reviewer|token|user)"
    r"s?(_(id|ids|key|keys|login|name|token|tokens))?$"
)


def is_person_column(name: str) -> bool:
    """Whether a column, a scope or a dimension names people, by its name; counts of people do not."""
    return _PERSON.search(name.lower()) is not None


def participation_crossings(
    manifest: Mapping[str, Any], catalog: WarehouseCatalog | None = None
) -> tuple[Crossing, ...]:
    """Return every way by which taking part in an incident would enter a person's number.

    Args:
        manifest: dbt's manifest. What tells of incidents says so itself: `config.meta.concerns: incidents`.
        catalog: The warehouse, for the columns of relations whose contract does not state them.
    """
    project = Project(manifest)
    semantic = manifest.get("semantic_models", {})
    found: set[Crossing] = set()
    for unique_id, metric in manifest.get("metrics", {}).items():
        for model in _semantic_models(manifest, unique_id, frozenset()):
            found.update(_in_metric(project, metric, semantic[model]))
    for unique_id in project.published():
        found.update(_in_columns(project, unique_id, catalog))
    return tuple(sorted(found))


def _in_metric(project: Project, metric: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[Crossing]:
    scopes = _person_scopes(model, metric)
    if not scopes:
        return
    fact = next(iter(parents_of(model)), "")
    for way in _ways_to_incidents(project, fact):
        yield _crossing((str(metric["name"]), *way), f"{', '.join(scopes)} of {model['name']}")
    flag = meta_of(project.nodes.get(fact, {})).get(FLAG)
    if flag and not _leaves_out(metric, str(flag)):
        path = (str(metric["name"]), project.name_of(fact))
        yield _crossing(path, f"{', '.join(scopes)} without a filter `not {flag}`")


def _ways_to_incidents(project: Project, root: str) -> Iterator[tuple[str, ...]]:
    """Return the ways to what tells of incidents; a model that tells them apart by a flag ends one."""
    flagged = {key for key, node in project.nodes.items() if meta_of(node).get(FLAG)}
    for unique_id, way in project.paths([root], ends=flagged).items():
        if meta_of(project.nodes.get(unique_id, {})).get("concerns") == CONCERNS:
            yield tuple(project.name_of(step) for step in way)


def _person_scopes(model: Mapping[str, Any], metric: Mapping[str, Any]) -> list[str]:
    """The scopes, dimensions and entities by which a metric may be told apart by person."""
    scopes = {
        f"scope {scope}"
        for place in (model, metric)
        for scope, column in (meta_of(place).get("scope_columns") or {}).items()
        if is_person_column(str(scope)) or is_person_column(str(column))
    }
    groups = {
        f"{kind[:-1].replace('ie', 'y')} {part['name']}"
        for kind in ("dimensions", "entities")
        for part in model.get(kind) or ()
        if is_person_column(str(part["name"])) or is_person_column(str(part.get("expr") or ""))
    }
    return sorted(scopes | groups)


def _leaves_out(metric: Mapping[str, Any], flag: str) -> bool:
    wanted = re.compile(rf"\bnot\s+\{{\{{\s*Dimension\('\w+__{re.escape(flag)}'\)\s*\}}\}}")
    filters = ((metric.get("filter") or {}).get("where_filters")) or ()
    templates = [str(one.get("where_sql_template")) for one in filters]
    return any(wanted.search(text) and " or " not in text.lower() for text in templates)


def _in_columns(project: Project, unique_id: str, catalog: WarehouseCatalog | None) -> Iterator[Crossing]:
    node = project.nodes[unique_id]
    stated = [str(name) for name in node.get("columns") or {}]
    held = catalog.find(relation_of(node)) if catalog else None
    people = sorted({name for name in (*stated, *(held.columns if held else ())) if is_person_column(name)})
    if not people:
        return
    for way in _ways_to_incidents(project, unique_id):
        yield _crossing((way[0], *way), f"columns {', '.join(people)}")


def _semantic_models(manifest: Mapping[str, Any], unique_id: str, seen: frozenset[str]) -> Iterator[str]:
    """Return the semantic models that a metric, or those that it is made of, stand on."""
    if unique_id in seen:
        return
    if unique_id in manifest.get("semantic_models", {}):
        yield unique_id
    for parent in parents_of(manifest.get("metrics", {}).get(unique_id, {})):
        yield from _semantic_models(manifest, parent, seen | {unique_id})


def _crossing(path: tuple[str, ...], found: str) -> Crossing:
    return Crossing(path[0], path, "incident_participation", found, REMEDIES["incident_participation"])
