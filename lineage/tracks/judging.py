"""What one node may do: every rule of the wall about a model, a source, or a view of the warehouse."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from lineage.tracks.catalog import CatalogRelation, WarehouseCatalog, view_query
from lineage.tracks.crossing import Finding
from lineage.tracks.functions import judge_call
from lineage.tracks.project import DEVELOPMENTAL, Project, parents_of, relation_of, track_of
from lineage.tracks.reading import Call, Reading, RelationName, read_sql
from lineage.tracks.templates import Macros, sql_beside, template_findings

_MATERIALIZATIONS = frozenset({"", "ephemeral", "incremental", "seed", "snapshot", "table", "view"})
_CATALOGS = frozenset({"information_schema", "pg_catalog"})
_MAIN = "main"


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules, with everything that they look at.

    Attributes:
        project: The manifest.
        macros: Its macros.
        catalog: The warehouse as it is.
        reviewed: Hashes of the SQL beside models that somebody has read.
        variables: Variables that reviewed hooks set.
        built: The SQL of each model as the last build ran it, by unique id.
    """

    project: Project
    macros: Macros
    catalog: WarehouseCatalog
    reviewed: frozenset[str]
    variables: frozenset[str]
    built: Mapping[str, str]

    def judge(self, unique_id: str) -> tuple[Finding, ...]:
        """Return everything that is wrong with a node, in a fixed order."""
        node = self.project.nodes.get(unique_id)
        if node is None:
            return (Finding("unreadable", f"{unique_id} is in no part of the manifest"),)
        is_source = node.get("resource_type") == "source"
        rules = self._source(node) if is_source else self._model(unique_id, node)
        return tuple(sorted({*self._track(unique_id, node), *rules, *self._standing(unique_id, node)}))

    def _track(self, unique_id: str, node: Mapping[str, Any]) -> Iterator[Finding]:
        track = track_of(node)
        if track == DEVELOPMENTAL:
            yield Finding("developmental_node", self.project.name_of(unique_id))
        elif track is None:
            yield Finding("undeclared_track", self.project.name_of(unique_id))

    def _source(self, node: Mapping[str, Any]) -> Iterator[Finding]:
        config = {**(node.get("config") or {}), **(node.get("meta") or {}), **(node.get("source_meta") or {})}
        for key in ("external_location", "plugin", "external"):
            if config.get(key) or node.get(key):
                yield Finding("external_source", f"{key} of {node.get('source_name')}.{node.get('name')}")

    def _model(self, unique_id: str, node: Mapping[str, Any]) -> Iterator[Finding]:
        config = node.get("config") or {}
        kind = str(config.get("materialized") or "")
        if kind not in _MATERIALIZATIONS:
            yield Finding("materialization", kind)
        for template in sql_beside(node, self.macros):
            if self.macros.fingerprint(template) not in self.reviewed:
                yield Finding("unreviewed_sql", template)
        if node.get("resource_type") == "seed":
            return
        if str(node.get("language") or "sql") != "sql":
            yield Finding("python_model", f"{node.get('name')} is written in {node.get('language')}")
            return
        yield from template_findings(str(node.get("raw_code") or ""), place=str(node.get("name")))
        for macro in sorted(self.macros.used_by(node)):
            yield from self.macros.findings(macro)
        yield from self._texts(unique_id, node)

    def _texts(self, unique_id: str, node: Mapping[str, Any]) -> Iterator[Finding]:
        """Judge the SQL of a build from the beginning, and that of the last build where it is known."""
        compiled = node.get("compiled_code")
        if not compiled:
            yield Finding("not_compiled", str(node.get("name")))
            return
        for text in {str(compiled), self.built.get(unique_id) or str(compiled)}:
            yield from self._reading(read_sql(text), self._nameable(unique_id, node))

    def _nameable(self, unique_id: str, node: Mapping[str, Any]) -> frozenset[RelationName]:
        """What a model may name: its parents in the graph, and itself."""
        return frozenset(
            relation_of(self.project.nodes[key])
            for key in (unique_id, *parents_of(node))
            if key in self.project.nodes
        )

    def _reading(self, reading: Reading, nameable: frozenset[RelationName]) -> Iterator[Finding]:
        yield from reading.findings
        for call in sorted(reading.calls):
            finding = judge_call(call, macros=self.catalog.macros, variables=self.variables)
            if finding is not None:
                yield finding
        for relation in sorted(reading.relations):
            if not relation.schema or self._full(relation) not in nameable:
                yield self._unnamed(relation)

    def _unnamed(self, relation: RelationName) -> Finding:
        """Say what a relation is that does not stand in the graph."""
        found = str(relation)
        if not relation.schema and any(sign in relation.name for sign in "./\\*:"):
            return Finding("file_read", found)
        if relation.schema in _CATALOGS or relation.name.startswith(("duckdb_", "pg_", "sqlite_")):
            return Finding("system_catalog", found)
        known = self.project.relations.get(self._full(relation))
        if known is not None and track_of(self.project.nodes[known]) == DEVELOPMENTAL:
            return Finding("developmental_node", found)
        if relation.catalog and relation.catalog != self.project.warehouse:
            return Finding("other_database", found)
        return Finding("hard_coded_relation", found)

    def _full(self, relation: RelationName) -> RelationName:
        """Complete a name as DuckDB does: the warehouse's own database, and its schema `main`."""
        return RelationName(
            relation.catalog or self.project.warehouse, relation.schema or _MAIN, relation.name
        )

    def _standing(self, unique_id: str, node: Mapping[str, Any]) -> Iterator[Finding]:
        """Judge what stands in the warehouse under a node's name, if that is a view."""
        relation = relation_of(node)
        if relation.catalog not in ("", self.project.warehouse):
            return
        held = self.catalog.find(relation)
        if held is not None and held.kind == "view":
            is_source = node.get("resource_type") == "source"
            nameable = None if is_source else self._nameable(unique_id, node)
            yield from self._view(relation, held, nameable=nameable, seen=frozenset())

    def _view(
        self,
        relation: RelationName,
        held: CatalogRelation,
        *,
        nameable: frozenset[RelationName] | None,
        seen: frozenset[RelationName],
    ) -> Iterator[Finding]:
        """Judge a view, and the views that it reads.

        A view under a source's name (`nameable` is None) was made by the pipeline: it may read evidence, and
        whatever else is declared as a source.
        """
        reading = read_sql(view_query(held.sql))
        if nameable is None:
            reading = replace(
                reading, calls=frozenset(each for each in reading.calls if not self._is_evidence(each))
            )
        own = {name for name, key in self.project.relations.items() if self._is_source(key)}
        allowed = frozenset(own) if nameable is None else nameable
        for finding in self._reading(reading, allowed):
            yield replace(finding, through=(f"view {relation.schema}.{relation.name}", *finding.through))
        for each in sorted(reading.relations - seen):
            below = self.catalog.find(self._full(each))
            key = self.project.relations.get(self._full(each))
            if key is not None and track_of(self.project.nodes[key]) == DEVELOPMENTAL:
                yield Finding("developmental_node", str(each), (f"view {relation.schema}.{relation.name}",))
            if below is not None and below.kind == "view" and (key is None or nameable is None):
                for finding in self._view(self._full(each), below, nameable=nameable, seen=seen | {each}):
                    yield replace(
                        finding, through=(f"view {relation.schema}.{relation.name}", *finding.through)
                    )

    def _is_source(self, unique_id: str) -> bool:
        return self.project.nodes[unique_id].get("resource_type") == "source"

    def _is_evidence(self, call: Call) -> bool:
        """Whether a call reads an explicit list of files of committed evidence, and nothing else."""
        if self.catalog.evidence is None or call.name != "read_parquet" or not call.is_constant:
            return False
        return bool(call.texts) and all(_lies_in(text, self.catalog.evidence) for text in call.texts)


def _lies_in(text: str, folder: PurePath) -> bool:
    path = PurePath(text)
    is_plain = ".." not in path.parts and not any(sign in text for sign in "*?[{")
    return is_plain and path.suffix == ".parquet" and path.is_relative_to(folder)
