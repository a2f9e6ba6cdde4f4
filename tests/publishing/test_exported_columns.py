"""Column lineage knows what the report shows: each query that it is drawn of stands among the exports."""

from datetime import date
from typing import Any

import duckdb
import pytest

from publishing.analyst import open_published
from publishing.caveats import find_caveats
from publishing.completeness import read_completeness
from publishing.exported_columns import SHOWN, exported_relations
from publishing.figures import read_figures
from publishing.service_levels import read_service_levels
from tests.publishing.release import Release


class Listening:
    """A connection that keeps the queries over marts that it was asked."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self.asked: list[str] = []

    def execute(self, query: str, *parameters: Any) -> duckdb.DuckDBPyConnection:
        if "from marts." in query:
            self.asked.append(query)
        return self._con.execute(query, *parameters)


def test_every_query_of_the_report_is_an_export_that_lineage_reads(published: Release) -> None:
    """The report was left out: nobody saw that a changed column changes what leadership reads."""
    with open_published(published.root / "current" / "analyst.duckdb") as con:
        listening: Any = Listening(con)
        figures = read_figures(listening, organisation="Acme")
        find_caveats(listening, figures, (), ())
        read_service_levels(listening, month=date(2026, 5, 1))
        read_completeness(listening)
    assert len(listening.asked) >= 5
    assert [query for query in listening.asked if query not in SHOWN.values()] == []


@pytest.mark.parametrize("has_levels", [True, False])
def test_what_a_page_shows_is_there_where_its_tables_are_published(*, has_levels: bool) -> None:
    with duckdb.connect() as con:
        con.execute("create schema marts")
        for table in ("dim_metrics", "mart_metric_values", *(["mart_slo_attainment"] if has_levels else [])):
            con.execute(f"create table marts.{table} (metric varchar)")
        found = dict(exported_relations(con))
    assert 'from "analyst.duckdb:mart_metric_values"' in found["report.html:values"]
    assert ("report.html:service_levels" in found) is has_levels
