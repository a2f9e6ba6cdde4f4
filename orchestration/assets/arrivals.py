"""What starts a run when something has arrived."""

from collections.abc import Iterator

import dagster as dg

from orchestration.assets.automation import JOB
from orchestration.receiving import waiting
from orchestration.workspace import Workspace

_SECONDS = 30
_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def arrival_sensor(workspace: Workspace) -> dg.SensorDefinition:
    """Return the sensor that lands deliveries: one run for whatever waits, none beside another run."""

    @dg.sensor(
        name="arrivals",
        job_name=JOB,
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts a run when deliveries wait in the inbox of a push source.",
    )
    def arrivals(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        counts = waiting(workspace, workspace.settings())
        if not counts:
            yield dg.SkipReason("nothing waits")
        elif context.instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY), limit=1):
            yield dg.SkipReason("a run is under way; what waits comes after it")
        else:
            told = {name: str(count) for name, count in sorted(counts.items())}
            yield dg.RunRequest(tags={"assay/arrivals": str(told)})

    return arrivals
