"""What the other simulated sources say when they are asked again: the same as staging, on clean data."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from connectors.http.streams import HttpStream
from connectors.kinds import Opening
from connectors.sandbox import Organisation, SandboxServer, serve, simulate
from connectors.sources import SOURCE_KINDS, open_source
from orchestration.settings.models import Source
from tests.connectors.workspace import FakeTime, open_store
from tests.orchestration.reconciliation.staged_source import StagedSource, folder_of, verdicts

TOKEN = "simulated"
KINDS = ("gitlab", "pagerduty", "datadog", "circleci")


@pytest.fixture(scope="module", params=[3, 4])
def served(request: pytest.FixtureRequest) -> Iterator[tuple[Organisation, SandboxServer]]:
    organisation = simulate(seed=request.param, months=1, services=2, until=date(2026, 7, 1))
    with serve(organisation, token=TOKEN) as server:
        yield organisation, server


def settings_of(organisation: Organisation, server: SandboxServer, kind: str) -> Any:
    document = organisation.settings_document(
        base_url=server.base_url, git_folder="git", files_folder="files", kinds=(kind,)
    )
    (found,) = [each for each in document["sources"] if each["kind"] == kind]
    return TypeAdapter(Source).validate_python({**found, "name": kind, "since": None})


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_clean_sources_say_what_staging_says(
    served: tuple[Organisation, SandboxServer], kind: str, tmp_path: Path
) -> None:
    settings = settings_of(*served, kind)
    sampled = [
        stream.name
        for stream in SOURCE_KINDS[kind].streams
        if isinstance(stream, HttpStream) and (stream.item or stream.source_total)
    ]
    with open_store(tmp_path) as store:
        opening = Opening(
            store=store,
            runtime=FakeTime().runtime(),
            secrets=dict.fromkeys(settings.variables.values(), TOKEN),
        )
        source = open_source(settings, opening)
        for stream in source.streams:
            assert source.extract(stream.name, run_id="run").failures == ()
        staged = StagedSource(kind, source, store, folder_of(tmp_path))
        staged.stage(*sampled)

        rows = staged.samples(*sampled, count=8)
        totals = staged.totals(*sampled)

        assert {row["stream"] for row in rows} >= set(sampled) - {"child_pipelines"}
        assert verdicts(rows) == {"equal"}, [row for row in rows if row["verdict"] != "equal"][:3]
        assert staged.red() == {}
        assert {row["stream"] for row in totals} == {
            stream.name
            for stream in SOURCE_KINDS[kind].streams
            if isinstance(stream, HttpStream) and stream.source_total
        }
