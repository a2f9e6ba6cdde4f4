"""The steps in Python that compute parts of numbers, and the hashes by which definitions know them."""

from functools import cache
from pathlib import Path

from lineage.canonical_python import imported_modules, python_parts

_ROOT = Path(__file__).resolve().parents[2]

WRITERS: dict[str, tuple[str, ...]] = {
    "computed.deployment_commits": ("orchestration.steps.commit_graph",),
    "computed.deployment_ancestry": ("orchestration.steps.commit_graph",),
    "computed.deployment_differences": ("orchestration.steps.commit_graph",),
    "computed.working_hours": ("orchestration.steps.business_hours",),
    "computed.working_days": ("orchestration.steps.business_hours",),
    "computed.poisson_bounds": ("orchestration.steps.intervals",),
    "computed.median_ranks": ("orchestration.steps.intervals",),
    "vault.account_tokens": ("orchestration.steps.account_tokens", "governance.vault"),
    "vault.people": ("orchestration.flow.people", "governance.identity.register"),
    "config.services": ("orchestration.flow.settings_rows",),
    "config.service_owners": ("orchestration.flow.settings_rows", "orchestration.flow.ownership_rows"),
    "config.teams": ("orchestration.flow.settings_rows",),
    "config.team_names": ("orchestration.flow.ownership_rows",),
    "config.team_calendars": ("orchestration.flow.calendar_rows",),
    "config.work_item_scopes": ("orchestration.flow.work_item_rows",),
    "config.repositories": ("orchestration.flow.settings_rows",),
    "config.context_windows": ("orchestration.flow.scorecard_rows",),
    "config.stream_gaps": ("orchestration.flow.gap_rows", "orchestration.steps.stream_gaps"),
    "config.incident_dispositions": (
        "orchestration.dispositions:disposition_rows",
        "governance.dispositions",
    ),
}
"""By table that a model reads as a source: the modules, or the functions in them, whose code makes its rows.

Tables of rules are not here: their very rows are hashed.
"""

_FOLLOWED = (
    "orchestration.steps.",
    "orchestration.flow.settings_rows",
    "governance.identity.",
    "governance.vault",
)
"""What is followed from there. What merely fetches and keeps is software, and belongs to the environment."""


@cache
def step_parts() -> dict[str, dict[str, dict[str, str]]]:
    """Return, by table, the hash of each top-level definition of each module that makes its rows.

    Raises:
        DefinitionError: a module cannot be parsed.
    """
    return {table: {name: _parts(name) for name in _closure(modules)} for table, modules in WRITERS.items()}


def _closure(modules: tuple[str, ...]) -> list[str]:
    pending, seen = list(modules), set[str]()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        if ":" in name:
            continue  # one function of a module that does other things too
        imported = imported_modules(_source(name))
        pending += [each for each in imported if each.startswith(_FOLLOWED) and _path(each) is not None]
    return sorted(seen)


@cache
def _parts(named: str) -> dict[str, str]:
    module, _, function = named.partition(":")
    parts = python_parts(_source(module), name=module)
    return {function: parts[function]} if function else parts


def _source(module: str) -> str:
    path = _path(module)
    if path is None:
        raise ModuleNotFoundError(f"the step {module} is no module of Assay; mend the table of writers")
    return path.read_text(encoding="utf-8")


def _path(module: str) -> Path | None:
    path = _ROOT.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.exists():
            return candidate
    return None
