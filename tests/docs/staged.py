"""Fetches a workspace's only source and builds the staging models of its kind; run in a copy of the tree.

python -m tests.docs.staged extract WORKSPACE            what each stream took, as JSON
python -m tests.docs.staged build WORKSPACE < QUERIES    the rows of each query of a JSON list, as JSON
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from connectors.sources import SOURCE_KINDS
from orchestration.flow.extraction import extract_stream
from orchestration.session import Session, open_session
from orchestration.sources import enabled_streams
from orchestration.workspace import Workspace


def main(arguments: list[str]) -> None:
    """Do one of both in the workspace."""
    what, folder = arguments
    workspace = Workspace(Path(folder).resolve())
    with open_session(workspace, command=what, environment=os.environ) as session:
        found = _extract(session) if what == "extract" else _build(session, json.load(sys.stdin))
    json.dump(found, sys.stdout)


def _extract(session: Session) -> list[dict[str, Any]]:
    (source,) = session.settings.sources
    reports = [
        extract_stream(session, source.name, stream.name)
        for stream in enabled_streams(source)
        if (source.name, stream.name) not in session.uncollected
    ]
    return [
        {
            "stream": report.stream,
            "requests": report.requests,
            "records": report.records,
            "failures": [str(failure.error) for failure in report.failures],
        }
        for report in reports
    ]


def _build(session: Session, queries: list[str]) -> list[list[tuple[Any, ...]]]:
    """Only the models of this kind: the whole project takes half a minute to read."""
    from orchestration.staging_models import write_files  # noqa: PLC0415 - dbt takes seconds to import
    from orchestration.steps.raw_schema import Evidence  # noqa: PLC0415
    from orchestration.steps.staged_streams import staged_streams  # noqa: PLC0415
    from tests.dbt_project.made_up_kind import bare_project  # noqa: PLC0415
    from tests.dbt_project.warehouse import Warehouse  # noqa: PLC0415

    (source,) = session.settings.sources
    kind = SOURCE_KINDS[source.kind]
    project = bare_project()
    write_files(project, [kind])
    evidence = Evidence(
        log_size=session.ledger.size("payload"),
        files=session.store.committed_files(),
        windows=session.store.windows(),
        kinds={source.name: kind.name},
        streams=staged_streams([kind], project),
    )
    warehouse = Warehouse(session.workspace.root / "data" / "staged", project=project)
    warehouse.build(evidence, command="build", select=(f"assay.staging.{kind.name}", "stg_unparsed_pages"))
    return [[tuple(map(_text, row)) for row in warehouse.rows(query)] for query in queries]


def _text(value: Any) -> str:
    """A value as a table of a page shows it."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    main(sys.argv[1:])
