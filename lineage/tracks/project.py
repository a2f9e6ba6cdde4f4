"""A dbt manifest as the wall reads it: nodes, tracks, and what a metric rests on."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lineage.tracks.reading import RelationName

DEVELOPMENTAL = "developmental"
TRACKS = ("delivery", DEVELOPMENTAL)
PUBLISHED_SCHEMA = "marts"
_MODELS = frozenset({"model", "snapshot", "seed"})


@dataclass(slots=True)
class Project:
    """The nodes of a manifest by unique id, models and sources alike."""

    manifest: Mapping[str, Any]
    nodes: Mapping[str, Mapping[str, Any]] = field(init=False)
    relations: Mapping[RelationName, str] = field(init=False)
    warehouse: str = field(init=False)

    def __post_init__(self) -> None:
        """Index the manifest."""
        kept = {
            unique_id: node
            for unique_id, node in self.manifest.get("nodes", {}).items()
            if node.get("resource_type") in _MODELS
        }
        self.nodes = {**kept, **self.manifest.get("sources", {})}
        self.warehouse = _warehouse(kept.values())
        self.relations = {relation_of(node): unique_id for unique_id, node in self.nodes.items()}

    def metrics(self) -> dict[str, str]:
        """Return each metric with the id of the model that its measure stands on, "" where there is none."""
        return {
            str(metric["name"]): next(self._facts_of(unique_id, frozenset()), "")
            for unique_id, metric in sorted(self.manifest.get("metrics", {}).items())
        }

    def published(self) -> tuple[str, ...]:
        """Return the models that a publication carries or shows: the marts, and what exposures read."""
        shown = {
            parent
            for exposure in self.manifest.get("exposures", {}).values()
            for parent in parents_of(exposure)
            if parent in self.nodes
        }
        marts = {
            unique_id
            for unique_id, node in self.nodes.items()
            if node.get("resource_type") != "source" and str(node.get("schema")).lower() == PUBLISHED_SCHEMA
        }
        return tuple(sorted(shown | marts))

    def paths(
        self, roots: Iterable[str], *, ends: Collection[str] = frozenset()
    ) -> dict[str, tuple[str, ...]]:
        """Return everything upstream of the roots, each with a shortest way of unique ids from a root.

        Args:
            roots: Where to begin.
            ends: What is reached, but not gone beyond.
        """
        ways: dict[str, tuple[str, ...]] = {root: (root,) for root in roots}
        waiting = list(ways)
        while waiting:
            arrived = []
            for unique_id in (one for one in waiting if one not in ends):
                for parent in sorted(parents_of(self.nodes.get(unique_id, {}))):
                    if parent not in ways:
                        ways[parent] = (*ways[unique_id], parent)
                        arrived.append(parent)
            waiting = arrived
        return ways

    def name_of(self, unique_id: str) -> str:
        """Return a node's name as people know it."""
        node = self.nodes.get(unique_id)
        if node is None:
            return unique_id
        source = node.get("source_name")
        return f"{source}.{node['name']}" if source else str(node["name"])

    def _facts_of(self, unique_id: str, seen: frozenset[str]) -> Iterator[str]:
        if unique_id in seen:
            return
        known = self.manifest.get("metrics", {}).get(unique_id) or self.manifest.get(
            "semantic_models", {}
        ).get(unique_id)
        if known is None:
            yield unique_id
            return
        for parent in parents_of(known):
            yield from self._facts_of(parent, seen | {unique_id})


def parents_of(node: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the unique ids that a node says it depends on."""
    return tuple((node.get("depends_on") or {}).get("nodes") or ())


def meta_of(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return a node's meta, wherever the manifest keeps it."""
    return {
        **(node.get("source_meta") or {}),
        **(node.get("meta") or {}),
        **((node.get("config") or {}).get("meta") or {}),
    }


def track_of(node: Mapping[str, Any]) -> str | None:
    """Return the track of a node; None where none is declared, or one that nobody knows.

    Any sign of the developmental track decides: what a node says of itself, its group, its database.
    """
    group = node.get("group") or (node.get("config") or {}).get("group")
    signs = (meta_of(node).get("track"), group, node.get("database"), node.get("source_name"))
    if DEVELOPMENTAL in [str(sign).lower() for sign in signs if sign]:
        return DEVELOPMENTAL
    declared = meta_of(node).get("track")
    return declared if declared in TRACKS else None


def relation_of(node: Mapping[str, Any]) -> RelationName:
    """Return where a node's rows lie."""
    name = node.get("identifier") or node.get("alias") or node.get("name")
    return RelationName(
        str(node.get("database") or "").lower(), str(node.get("schema") or "").lower(), str(name).lower()
    )


def _warehouse(models: Iterable[Mapping[str, Any]]) -> str:
    """The database that most models are built in: names without a database mean this one."""
    count: dict[str, int] = {}
    for model in models:
        name = str(model.get("database") or "").lower()
        count[name] = count.get(name, 0) + 1
    return max(sorted(count), key=lambda name: count[name], default="")
