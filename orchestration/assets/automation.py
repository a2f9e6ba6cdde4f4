"""What starts runs by itself, and what hears of those that failed."""

import os

import dagster as dg

from orchestration.alerts.run_end import announce_lost_run
from orchestration.failures import RunFailure, report_failure
from orchestration.settings import Settings
from orchestration.sources import utc_now
from orchestration.workspace import Workspace

JOB = "everything"
STARTED_BY = "assay/started_by"
COMMAND = "command"


WHOLE_JOB = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.all() | dg.AssetSelection.all_asset_checks(),
    executor_def=dg.in_process_executor,  # the warehouse takes one writer
    description="Fetch what is new, build what it touches, check it and publish it.",
)


def nightly(settings: Settings) -> dg.ScheduleDefinition:
    """Return the schedule of the settings, in the reporting time zone."""
    return dg.ScheduleDefinition(
        name="nightly",
        job_name=JOB,
        cron_schedule=settings.schedule.nightly,
        execution_timezone=settings.reporting.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="The nightly run of the whole flow.",
    )


def failure_sensor(workspace: Workspace) -> dg.SensorDefinition:
    """Return the sensor that reports failed runs; `assay run` reports its own."""

    @dg.run_failure_sensor(
        name="run_failures",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Appends each failed run to data/run_failures.ndjson and sounds the configured alarms.",
    )
    def report(context: dg.RunFailureSensorContext) -> None:
        if context.dagster_run.tags.get(STARTED_BY) == COMMAND:
            return
        steps = tuple(event.step_key or "" for event in context.get_step_failure_events())
        failure = RunFailure(
            run_id=context.dagster_run.run_id,
            workspace=str(workspace.root),
            failed_at=utc_now().isoformat(timespec="seconds"),
            message=context.failure_event.message or "the run failed",
            steps=steps,
        )
        for problem in report_failure(workspace, workspace.settings(), failure, environment=os.environ):
            context.log.error(problem)
        for problem in announce_lost_run(workspace, run_id=failure.run_id, environment=os.environ):
            context.log.error(problem)

    return report
