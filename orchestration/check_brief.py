"""The checks of the newest build in brief, in `data/checks.json`: the warehouse itself belongs to the run."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb

from orchestration.errors import UsageError
from orchestration.workspace import Workspace
from publishing.check_summary import summarise_checks
from publishing.completeness import completeness_document, read_completeness
from quality_checks.results import CheckResult


def write_brief(
    workspace: Workspace, con: duckdb.DuckDBPyConnection, results: Sequence[CheckResult], *, log_size: int
) -> None:
    """Keep the results of a build for `assay status`, in the place of the last ones.

    Args:
        workspace: Whose build.
        con: The warehouse.
        results: What its checks said.
        log_size: How much evidence they looked at.
    """
    document = {
        "payload_log_size": log_size,
        "checks": summarise_checks(results).to_document(),
        "completeness": completeness_document(read_completeness(con)),
    }
    incoming = workspace.checks.with_suffix(".incoming")
    incoming.write_text(json.dumps(document, indent=2), encoding="utf-8")
    incoming.replace(workspace.checks)


def read_brief(workspace: Workspace) -> dict[str, Any] | None:
    """Return what the newest checks said; None where none ever ran."""
    if not workspace.checks.exists():
        return None
    try:
        document: dict[str, Any] = json.loads(workspace.checks.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(
            f"{workspace.checks} cannot be read as JSON: {error}. Delete it; `assay reconcile` and the next "
            "build write it anew"
        ) from error
    return document


def brief_lines(brief: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Say in a few lines how the checks came out, what is red, and what was not read."""
    checks, completeness = brief["checks"], brief["completeness"]
    words = (("warned", "warns", "warn"), ("blocked", "blocks", "block"))
    red = [
        f"{checks[name]} {one if checks[name] == 1 else many}" for name, one, many in words if checks[name]
    ]
    yield "checks", ", ".join([f"{checks['held']} of {checks['ran']} hold", *red])
    for check in checks["red"]:
        first = f": {check['offenders'][0]}" if check["offenders"] else ""
        command = f"; {check['commands'][0]}" if check["commands"] else ""
        word = "blocks" if check["severity"] == "blocking" else "warns"
        yield word, f"{check['name']} of {check['subject']}{first}{command}"
    yield "read", f"{completeness['streams']} streams at {completeness['places']} places"
    for stream in completeness["streams_with_gaps"]:
        gap = stream["first"][0]
        places = ", ".join(gap["scopes"])
        more = f"; {stream['gaps']} gaps in all" if stream["gaps"] > len(gap["scopes"]) else ""
        yield "gap", f"{stream['stream']} from {gap['from']} to {gap['until']}: {places}{more}"
