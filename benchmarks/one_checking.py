"""A process that runs every check over a workspace's finished build, and times them hand-over by hand-over.

`python -m benchmarks.one_checking WORKSPACE`: what a run does between building and publishing, without asking
the sources anything.
"""

import json
import sys
from pathlib import Path

from benchmarks.measuring import peak_megabytes
from benchmarks.stages import Stages
from orchestration.drift import accepted_in
from orchestration.flow.expected_places import expected_places
from orchestration.flow.warehouse import open_warehouse
from orchestration.session import open_session
from orchestration.source_contracts import source_contracts
from orchestration.stream_contracts import contracts_of
from orchestration.workspace import Workspace
from quality_checks import LAYERS, CheckResult, run_checks
from quality_checks.source_drift.checks import check_source_drift


def main(root: Path) -> None:
    """Check; print seconds by hand-over, how many checks there were, and the most memory held."""
    workspace, stages, results = Workspace(root.resolve()), Stages(), list[CheckResult]()
    with (
        open_session(workspace, command="benchmark", needs_sources=False) as session,
        open_warehouse(workspace.warehouse) as con,
    ):
        kinds = frozenset(source.kind for source in session.settings.sources)
        repositories = con.execute("select source, repository from config.repositories").fetchall()
        for layer in LAYERS:
            with stages.stage(layer):
                results += run_checks(
                    con,
                    streams=contracts_of(kinds),
                    layers=(layer,),
                    expected=expected_places(session, repositories),
                )
        with stages.stage("source drift"):
            results += check_source_drift(con, source_contracts(kinds), accepted=accepted_in(session.ledger))
    document = {
        "checks": sum(stages.seconds.values()),
        "checks_cpu": sum(stages.cpu.values()),
        "seconds": stages.seconds,
        "cpu": stages.cpu,
        "results": len(results),
        "red": sorted({f"{each.name} ({each.subject})" for each in results if not each.is_passed}),
        "peak": peak_megabytes(),
    }
    print(json.dumps(document))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
