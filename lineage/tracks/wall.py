"""The wall: for each metric, every way by which developmental feedback could come into it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lineage.tracks.catalog import WarehouseCatalog
from lineage.tracks.crossing import REMEDIES, Crossing, Finding
from lineage.tracks.judging import Judge
from lineage.tracks.project import Project
from lineage.tracks.templates import Macros, sql_beside


@dataclass(frozen=True, slots=True)
class ReviewedSql:
    """SQL beside a model that somebody has read: a hook, or an incremental strategy.

    Attributes:
        template: As the project spells it.
        sha256: Of the template with every macro that it is made of.
        variables: Variables of the session that it sets.
        reason: Why it may run.
    """

    template: str
    sha256: str
    variables: tuple[str, ...] = ()
    reason: str = ""


def track_crossings(
    manifest: Mapping[str, Any],
    catalog: WarehouseCatalog,
    *,
    reviewed: Iterable[ReviewedSql] = (),
    built: Mapping[str, str] | None = None,
) -> Mapping[str, tuple[Crossing, ...]]:
    """Return each metric's crossings; a metric with none has an empty tuple, an unknown metric no entry.

    A metric rests on the model of its measure with everything upstream, and it is published beside all marts,
    in one file: whatever is wrong with any of those concerns it.

    Args:
        manifest: dbt's manifest with the compiled SQL of every model.
        catalog: The warehouse as it is, see `read_catalog`.
        reviewed: SQL beside models that somebody has read.
        built: The SQL of models as the last build ran it, by unique id, where that is known.
    """
    project = Project(manifest)
    package = str((manifest.get("metadata") or {}).get("project_name") or "")
    pins = tuple(reviewed)
    judge = Judge(
        project,
        Macros(manifest, package=package),
        catalog,
        frozenset(pin.sha256 for pin in pins),
        frozenset(name for pin in pins for name in pin.variables),
        built or {},
    )
    everywhere = _everywhere(project, judge)
    judged: dict[str, tuple[Finding, ...]] = {}
    crossings: dict[str, tuple[Crossing, ...]] = {}
    for metric, fact in project.metrics().items():
        found = {_crossing((metric,), finding) for finding in everywhere}
        if not fact:
            found.add(_crossing((metric,), Finding("unreadable", "it stands on no model")))
        for unique_id, way in project.paths([*([fact] if fact else []), *project.published()]).items():
            if unique_id not in judged:
                judged[unique_id] = judge.judge(unique_id)
            path = (metric, *(project.name_of(step) for step in way))
            found |= {_crossing(path, finding) for finding in judged[unique_id]}
        crossings[metric] = tuple(sorted(found))
    return crossings


def unreviewed_sql(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return all SQL beside models, by its template, with the hash that a review pins."""
    package = str((manifest.get("metadata") or {}).get("project_name") or "")
    macros = Macros(manifest, package=package)
    return {
        template: macros.fingerprint(template)
        for node in manifest.get("nodes", {}).values()
        if node.get("package_name") == package
        for template in sql_beside(node, macros)
    }


def _everywhere(project: Project, judge: Judge) -> tuple[Finding, ...]:
    """What concerns every metric, wherever it stands: the session, the file, the project as a whole."""
    manifest = project.manifest
    functions = [Finding("dbt_function", str(name)) for name in sorted(manifest.get("functions") or {})]
    package = (manifest.get("metadata") or {}).get("project_name")
    beside = {
        template
        for node in manifest.get("nodes", {}).values()
        if node.get("package_name") == package
        for template in sql_beside(node, judge.macros)
        if judge.macros.fingerprint(template) not in judge.reviewed
    }
    return (
        *judge.catalog.findings(),
        *judge.macros.overrides(),
        *functions,
        *(Finding("unreviewed_sql", template) for template in sorted(beside)),
    )


def _crossing(path: tuple[str, ...], finding: Finding) -> Crossing:
    return Crossing(path[0], (*path, *finding.through), finding.way, finding.found, REMEDIES[finding.way])
