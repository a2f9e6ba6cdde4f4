"""Validating events and facets against the official schemas that lie beside this file."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

FOLDER = Path(__file__).parent / "schemas"
SPEC = "https://openlineage.io/spec"
SAME_BASE = ("1-0-1", "1-0-2", "1-0-3", "2-0-2")  # see NOTICE.md beside the schemas


def registry() -> Registry[Any]:
    """Return every schema by its address; one that is not here accepts nothing."""
    found = {str(document["$id"]): document for document in map(read, sorted(FOLDER.glob("*.json")))}
    core = found[f"{SPEC}/2-0-0/OpenLineage.json"]
    for version in SAME_BASE:
        found[f"{SPEC}/{version}/OpenLineage.json"] = {**core, "$id": f"{SPEC}/{version}/OpenLineage.json"}
    resources = [(address, Resource.from_contents(document)) for address, document in found.items()]
    return Registry(retrieve=nothing).with_resources(resources)


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def nothing(address: str) -> Resource[Any]:
    return Resource.from_contents(
        {"$id": address, "$schema": Draft202012Validator.META_SCHEMA["$id"], "not": {}}
    )


REGISTRY = registry()


def problems(event: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with an event or with any of its facets, each held against its own schema."""
    found = list(_problems_of("event", event, str(event.get("schemaURL"))))
    for name, facet in facets_of(event):
        found.extend(_problems_of(name, facet, str(facet.get("_schemaURL"))))
    return found


def facets_of(event: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every facet of an event by its name."""
    holders = [event["run"], event["job"], *event.get("inputs", ()), *event.get("outputs", ())]
    for holder in holders:
        for bag in ("facets", "inputFacets", "outputFacets"):
            yield from (holder.get(bag) or {}).items()


def _problems_of(name: str, document: Mapping[str, Any], address: str) -> Iterator[str]:
    if address.partition("#")[0] not in REGISTRY:
        yield f"{name}: no official schema {address}"
        return
    validator = Draft202012Validator({"$ref": address}, registry=REGISTRY, format_checker=FormatChecker())
    yield from (f"{name}: {error.message}" for error in validator.iter_errors(document))
