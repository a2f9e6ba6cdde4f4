"""A process that runs a workspace and times its stages: `python -m benchmarks.one_run WORKSPACE [--full]`."""

import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measuring import peak_megabytes, stopwatch
from orchestration.dbt_runner import NodeOutcome
from orchestration.run_record import NobodyWatches
from orchestration.running import RunOptions, run_workspace
from orchestration.workspace import Workspace


@dataclass(slots=True)
class StageClock(NobodyWatches):
    """Keeps how long each stage took, and how long the models among it."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    model_seconds: float = 0.0
    _stage: str = "fetch"
    _since: float = field(default_factory=time.perf_counter)

    def stage(self, title: str) -> None:
        """End one stage and begin the next."""
        now = time.perf_counter()
        self.seconds[self._stage] += now - self._since
        self._stage, self._since = title, now

    def building(self, outcome: NodeOutcome, *, done: int, total: int) -> None:
        """Add a model's seconds."""
        del done, total
        if outcome.kind == "model":
            self.model_seconds += outcome.seconds


def main(root: Path, *, is_full: bool) -> None:
    """Run; print seconds by stage and the most memory held."""
    clock = StageClock()
    with stopwatch() as watch:
        record, error = run_workspace(
            Workspace(root), watcher=clock, options=RunOptions(is_full_refresh=is_full)
        )
    clock.stage("end")
    if error is not None:
        raise error
    print(
        json.dumps(
            {
                "seconds": watch.seconds,
                "stages": clock.seconds,
                "model_seconds": clock.model_seconds,
                "models_built": record.models_built,
                "records": sum(report.records for report in record.reports),
                "peak": peak_megabytes(),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), is_full="--full" in sys.argv[2:])
