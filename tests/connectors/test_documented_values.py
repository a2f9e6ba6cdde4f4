"""The words that streams declare are those that the vendors' own descriptions list."""

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.sources import SOURCE_KINDS
from orchestration.source_contracts import source_contracts
from quality_checks.source_drift.contracts import written_path

GITHUB, JIRA, PAGERDUTY = "github-api.json", "jira-v3.cfdude.json", "pagerduty-rest.json"
DATADOG = "datadog-v1.yaml"
OFFICIAL = [
    ("github", "pull_requests", "state", GITHUB, "pull-request.state"),
    ("github", "issues", "state_reason", GITHUB, "issue.state_reason"),
    ("github", "deployment_statuses", "state", GITHUB, "deployment-status.state"),
    ("github", "workflow_jobs", "status", GITHUB, "job.status"),
    ("github", "workflow_jobs", "conclusion", GITHUB, "job.conclusion"),
    ("jira", "users", "accountType", JIRA, "User.accountType"),
    ("pagerduty", "incidents", "status", PAGERDUTY, "Incident.status"),
    ("pagerduty", "incidents", "urgency", PAGERDUTY, "Incident.urgency"),
    ("pagerduty", "services", "status", PAGERDUTY, "Service.status"),
    ("pagerduty", "users", "role", PAGERDUTY, "User.role"),
    ("datadog", "slos", "type", DATADOG, "SLOType"),
    ("datadog", "monitors", "overall_state", DATADOG, "MonitorOverallStates"),
]
MORE = {
    ("github", "deployment_statuses", "state"): {"waiting"},
    ("github", "workflow_jobs", "status"): {
        "stale",
        "startup_failure",
        "success",
        "failure",
        "neutral",
        "cancelled",
        "skipped",
        "timed_out",
        "action_required",
    },
}
"""Words that the prose of the documentation lists, and the description of that endpoint does not."""


@cache
def description(path: Path) -> Any:
    text = gzip.decompress(path.read_bytes())
    return yaml.load(text, Loader=yaml.CSafeLoader) if ".yaml" in path.name else json.loads(text)


def listed(schema: Any, keys: list[str]) -> Iterator[str]:
    """The words that a schema, or one that it is made of, lists for a property."""
    if not keys:
        yield from (str(word).lower() for word in schema.get("enum", ()) if word is not None)
    elif keys[0] in schema.get("properties", {}):
        yield from listed(schema["properties"][keys[0]], keys[1:])
    for part in (each for name in ("allOf", "anyOf", "oneOf") for each in schema.get(name, ())):
        yield from listed(part, keys)


def declared(kind: str, stream: str) -> dict[str, frozenset[str]]:
    """The words of a stream's fields, by written path."""
    (found,) = (each for each in source_contracts(frozenset({kind})) if each.stream == stream)
    return {written_path(each.path): each.words for each in found.fields if each.words}


@pytest.mark.parametrize("field", OFFICIAL, ids="{0[0]}.{0[1]}.{0[2]}".format)
def test_the_declared_words_are_those_of_the_vendor(
    payloads: Path, field: tuple[str, str, str, str, str]
) -> None:
    kind, stream, path, file, place = field
    schema, *keys = place.split(".")
    schemas = description(payloads / "specs" / f"{file}.gz")["components"]["schemas"]
    official = set(listed(schemas[schema], keys))
    stated = next(
        (set(map(str.lower, each.values)) for each in _stated(kind, stream) if each.path == f"$.{path}"),
        set(),
    )
    assert official
    assert stated - official == MORE.get((kind, stream, path), set())
    assert official <= declared(kind, stream)[path]


def _stated(kind: str, stream: str) -> Iterator[Any]:
    (found,) = (each for each in SOURCE_KINDS[kind].streams if each.name == stream)
    yield from found.enumerations
    yield from (column for column in found.columns if column.values)


def test_whatever_a_stream_declares_is_looked_for_in_its_pages() -> None:
    for kind in SOURCE_KINDS.values():
        for stream in kind.streams:
            if not stream.is_staged:
                continue
            for each in _stated(kind.name, stream.name):
                words = {value.lower() for value in each.values}
                fields = declared(kind.name, stream.name)
                assert any(words <= known for known in fields.values()), (kind.name, stream.name, each.path)
