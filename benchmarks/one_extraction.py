"""A process that fetches what is new: `python -m benchmarks.one_extraction WORKSPACE`."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.measuring import peak_megabytes, stopwatch
from orchestration.flow.extraction import extract_stream
from orchestration.session import open_session
from orchestration.sources import enabled_streams
from orchestration.workspace import Workspace


def main(root: Path) -> None:
    """Fetch every stream of every source; print reports, seconds and the most memory held."""
    seconds: dict[str, float] = {}
    with open_session(Workspace(root), command="benchmark") as session:
        before = peak_megabytes()
        for source in session.settings.sources:
            with stopwatch() as watch:
                for stream in enabled_streams(source):
                    extract_stream(session, source.name, stream.name)
            seconds[source.name] = watch.seconds
        reports = [asdict(report) | {"failures": len(report.failures)} for report in session.record.reports]
    print(
        json.dumps({"reports": reports, "seconds": seconds, "peak": peak_megabytes(), "peak_before": before})
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
