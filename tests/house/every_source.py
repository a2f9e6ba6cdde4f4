"""A company whose workspace reads every kind of source, and what happens to it from one run to the next."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
import yaml

from connectors.sandbox.objective_files import OBJECTIVES_FOLDER, measuring_sources, write_objectives
from connectors.sandbox.source_settings import KINDS, Places
from orchestration.workspace import Workspace
from tests.house.company import Company, company
from tests.house.rows import LAYERS

BEGIN = datetime(2026, 5, 20, tzinfo=UTC)
SERVICES = 8  # with fewer none is released by tags
REORGANISED = "2026-06-10"
INCIDENTS = "INC"
"""The project of the incidents, which are no service's."""
SMALL = {"minimum_team_size": 10}  # some teams have fewer, some have not
WINDOW = {"name": "ledger", "kind": "migration", "from": "2026-06-01", "until": "2026-06-12"}


@contextmanager
def company_of_every_source(folder: Path) -> Iterator[Company]:
    """Serve a company that stands where the story has six weeks to go; its services have objectives."""
    with clock_at(BEGIN), company(folder, at=BEGIN, kinds=KINDS, services=SERVICES) as acme:
        places = Places(base_url=acme.server.base_url, git_folder="../git", files_folder="../files")
        measured = {one["kind"]: one for one in measuring_sources(acme.organisation.company, places)}
        for source in measured.values():
            del source["streams"]  # here they tell of everything

        def measure(document: dict[str, Any]) -> None:
            document["sources"] = [measured.get(one["kind"], one) for one in document["sources"]]
            document["context_windows"] = [WINDOW]
            document["scorecard"] = SMALL
            team = next(one for one in document["teams"] if one["parent"])
            team["work_items"] = {"projects": [INCIDENTS]}
            document["services"][0]["work_items"] = {
                "projects": [document["services"][0]["name"][:3].upper()]
            }

        write_objectives(acme.organisation.company, acme.workspace.root / OBJECTIVES_FOLDER)
        change_settings(acme.workspace, measure)
        yield acme


def change_settings(workspace: Workspace, change: Any) -> None:
    """Change the document of `assay.yml`."""
    document = yaml.safe_load(workspace.settings_file.read_text(encoding="utf-8"))
    change(document)
    workspace.settings_file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def reorganise(document: dict[str, Any]) -> None:
    """From a day in the past on a service has another owner, and a team another parent."""
    service = next(one for one in document["services"] if one["owners"])
    former = service["owners"][-1]
    heir = next(one["name"] for one in document["teams"] if one["name"] != former["team"] and one["parent"])
    former["until"] = REORGANISED
    service["owners"].append({"team": heir, "from": REORGANISED})
    team = next(one for one in document["teams"] if one["name"] == heir)
    team["until"] = REORGANISED
    document["teams"] += [
        {"name": "platform", "title": "Platform"},
        {"name": heir, "title": team["title"], "parent": "platform", "from": REORGANISED},
    ]


@contextmanager
def clock_at(instant: datetime) -> Iterator[None]:
    """Let every run of the block take place then: what is read by windows of time ends at the clock."""
    begun = time.monotonic()

    def now(_: object) -> datetime:
        return instant + timedelta(seconds=time.monotonic() - begun)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orchestration.sources.datetime", SimpleNamespace(now=now))
        yield


def row_counts(warehouse: Path) -> Mapping[str, int]:
    """The number of rows of every table that dbt built."""
    with duckdb.connect(str(warehouse), read_only=True) as con:
        tables = con.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where list_contains(?, table_schema) order by all",
            [list(LAYERS)],
        ).fetchall()
        return {name: _count(con, name) for (name,) in tables}


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    ((count,),) = con.execute(f"select count(*) from {table}").fetchall()
    return int(count)
