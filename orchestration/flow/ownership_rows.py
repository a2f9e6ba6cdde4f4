"""The section `ownership` as rows: whom the models believe, and what other systems call a team."""

from typing import get_args

import pyarrow as pa

from orchestration.settings.models import Settings
from orchestration.settings.ownership import NamingSource


def ownership_rows(settings: Settings) -> dict[str, pa.Table]:
    """Return the tables `ownership`, `ownership_sources` and `team_names` of schema `config`."""
    return {
        "ownership": pa.table(
            {"counts_people_outside_roster": [settings.ownership.counts_people_outside_roster]}
        ),
        "ownership_sources": _sources(settings),
        "team_names": _names(settings),
    }


def _sources(settings: Settings) -> pa.Table:
    rows = [
        {
            "statement": statement,
            "source_kind": source,
            "source_rank": rank,
            "reaches_back": source in settings.ownership.reach_back,
        }
        for statement, order in settings.ownership.questions.items()
        for rank, source in enumerate(order, start=1)
    ]
    schema = pa.schema(
        [
            ("statement", pa.string()),
            ("source_kind", pa.string()),
            ("source_rank", pa.int32()),
            ("reaches_back", pa.bool_()),
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def _names(settings: Settings) -> pa.Table:
    """What stands for a team in each source: its id, its titles, and before both what `team_names` says."""
    named: dict[tuple[str, str], str] = {}
    for source in get_args(NamingSource):
        for titled in settings.teams:
            if titled.title:
                named.setdefault((source, _key(titled.title)), titled.name)
        named |= {(source, _key(team.name)): team.name for team in settings.teams}
        for is_particular in (False, True):
            named |= {
                (source, _key(name)): entry.team
                for entry in settings.ownership.team_names
                if bool(entry.sources) == is_particular and (not entry.sources or source in entry.sources)
                for name in entry.names
            }
    rows = [
        {"source_kind": source, "source_name": name, "team_id": team}
        for (source, name), team in sorted(named.items())
    ]
    columns = ("source_kind", "source_name", "team_id")
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in columns]))


def _key(name: str) -> str:
    return name.strip().lower()
