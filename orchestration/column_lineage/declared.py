"""What steps that are not SQL read and write, column by column; the tests hold it against the steps."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from lineage.columns import WHOLE_RELATION, ColumnEdge, DeclaredRelation, Kind
from orchestration.steps.staged_streams import STAGED_STREAMS

SETTINGS: Final = "assay.yml"
Inputs = Mapping[str, tuple[tuple[str, Kind], ...]]

_COMMITS, _ROLLOUTS = "intermediate.int_commits", "intermediate.int_deployments_rolled_out"
_GRAPH: Final = (
    (f"{_COMMITS}.repository", Kind.JOIN),
    (f"{_COMMITS}.commit_sha", Kind.JOIN),
    (f"{_COMMITS}.parent_shas", Kind.JOIN),
    (f"{_ROLLOUTS}.repository", Kind.JOIN),
    (f"{_ROLLOUTS}.commit_sha", Kind.JOIN),
    (f"{_ROLLOUTS}.is_production", Kind.FILTER),
    (f"{_ROLLOUTS}.outcome", Kind.FILTER),
    (f"{_ROLLOUTS}.service_id", Kind.SORT),
    (f"{_ROLLOUTS}.finished_at", Kind.SORT),
    (f"{_ROLLOUTS}.deployment_id", Kind.SORT),
)
"""Which rows the commit graph has, and in which order deployments follow one another."""
_SERVICE: Final = ((f"{_ROLLOUTS}.service_id", Kind.IDENTITY),)
_DEPLOYMENT: Final = ((f"{_ROLLOUTS}.deployment_id", Kind.IDENTITY),)
_REPOSITORY: Final = ((f"{_COMMITS}.repository", Kind.IDENTITY),)
_SHA: Final = ((f"{_COMMITS}.commit_sha", Kind.IDENTITY),)
_RELATION: Final = (
    (f"{_COMMITS}.parent_shas", Kind.TRANSFORMATION),
    (f"{_ROLLOUTS}.commit_sha", Kind.TRANSFORMATION),
)

_CALENDAR: Final = tuple(
    (f"config.calendars.{name}", Kind.TRANSFORMATION)
    for name in ("time_zone", "country", "subdivision", "hours", "days_off", "working_days")
)

STEP_INPUTS: Final[Mapping[str, Inputs]] = {
    "computed.deployment_commits": {
        WHOLE_RELATION: _GRAPH,
        "service_id": _SERVICE,
        "deployment_id": _DEPLOYMENT,
        "repository": _REPOSITORY,
        "commit_sha": _SHA,
        "is_baseline": ((f"{_ROLLOUTS}.finished_at", Kind.TRANSFORMATION),),
    },
    "computed.deployment_ancestry": {
        WHOLE_RELATION: _GRAPH,
        "deployment_id": _DEPLOYMENT,
        "predecessor_deployment_id": _DEPLOYMENT,
        "relation": _RELATION,
    },
    "computed.deployment_differences": {
        WHOLE_RELATION: _GRAPH,
        "deployment_id": _DEPLOYMENT,
        "repository": _REPOSITORY,
        "commit_sha": _SHA,
    },
    "computed.working_hours": {
        "calendar": (("config.calendars.calendar_id", Kind.IDENTITY),),
        **dict.fromkeys(("day", "starts_at", "ends_at", "cumulative_seconds"), _CALENDAR),
        WHOLE_RELATION: (
            ("config.calendars.valid_from", Kind.FILTER),
            ("config.calendars.valid_until", Kind.FILTER),
        ),
    },
}
"""Inputs of each column by relation; those of the whole relation stand under the empty name."""

SETTINGS_SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "config.services": ("services",),
    "config.service_owners": ("services",),
    "config.teams": ("teams",),
    "config.team_names": ("ownership", "teams"),
    "config.ownership": ("ownership",),
    "config.ownership_sources": ("ownership",),
    "config.scorecard": ("scorecard",),
    "config.context_windows": ("context_windows",),
    "config.repositories": ("services",),
    "config.reporting": ("reporting",),
    "config.rules": ("rules",),
    "config.calendars": ("calendars", "reporting"),
    "config.team_calendars": ("teams",),
    "config.work_item_kinds": ("rules",),
    "config.work_item_statuses": ("rules",),
    "config.work_item_scopes": ("services", "teams"),
    "config.severity_levels": ("rules",),
    "config.flow_rules": ("rules",),
}
"""Tables of settings, and the sections of `assay.yml` that each is written from."""

OTHER_FILES: Final[Mapping[str, str]] = {
    "config.slo_objectives": "slos/*.yaml",
    "config.slo_signals": "slos/*.yaml",
    "config.slo_matchers": "slos/*.yaml",
    "config.slo_alert_rules": "slos/*.yaml",
    "config.corrections": "ledger.governance",
    "config.incident_dispositions": "ledger.governance",
    "config.stream_gaps": "ledger.payload",
}
"""Tables that come of other files than `assay.yml`."""

CONSTANT_TABLES: Final = ("computed.poisson_bounds", "computed.median_ranks")
"""Tables of statistics, which rest on no data."""

VAULT_COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "vault.account_tokens": {"account_key": "VARCHAR", "account_token": "VARCHAR", "is_bot": "BOOLEAN"},
    "vault.people": {
        "account_token": "VARCHAR",
        "person_token": "VARCHAR",
        "valid_from": "TIMESTAMP WITH TIME ZONE",
        "valid_until": "TIMESTAMP WITH TIME ZONE",
        "is_bot": "BOOLEAN",
    },
}
"""What dbt reads of the vault, which is another file."""


def declared_relations(stored: Mapping[str, Mapping[str, str]]) -> Iterator[DeclaredRelation]:
    """Yield every relation that a step writes, with the columns that it has.

    Args:
        stored: Types by name of the columns of each stored relation of the warehouse.
    """
    for name, inputs in STEP_INPUTS.items():
        yield _relation(name, stored.get(name, {}), inputs)
    for name, sections in SETTINGS_SECTIONS.items():
        yield _from_file(name, stored.get(name, {}), SETTINGS, sections)
    for name, file in OTHER_FILES.items():
        yield _from_file(name, stored.get(name, {}), file, ("body",))
    for name in CONSTANT_TABLES:
        yield _relation(name, stored.get(name, {}), {})
    for name, columns in VAULT_COLUMNS.items():
        yield DeclaredRelation(name, columns, tuple(_of_accounts(columns)))


def account_streams() -> list[str]:
    """Return the streams whose records name accounts, as `kind.stream`."""
    return sorted(stream.table.replace("__", ".", 1) for stream in STAGED_STREAMS if stream.reads_accounts)


def _of_accounts(columns: Iterable[str]) -> Iterator[ColumnEdge]:
    for column in columns:
        for stream in account_streams():
            yield ColumnEdge(column, stream, "body", "", Kind.TRANSFORMATION)


def _relation(name: str, columns: Mapping[str, str], inputs: Inputs) -> DeclaredRelation:
    edges = []
    for output, given in inputs.items():
        for place, kind in given:
            relation, _, column = place.rpartition(".")
            edges.append(ColumnEdge(output, relation, column, "", kind))
    return DeclaredRelation(name, columns, tuple(edges))


def _from_file(name: str, columns: Mapping[str, str], file: str, sections: Iterable[str]) -> DeclaredRelation:
    edges = [
        ColumnEdge(column, file, section, "", Kind.TRANSFORMATION)
        for column in columns
        for section in sections
    ]
    return DeclaredRelation(name, columns, tuple(edges))
