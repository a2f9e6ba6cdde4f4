"""The days of streams whose API serves windows: one definition for a workspace, so one run covers a range.

A run with a partition key, or a range of them, fetches exactly those days again and leaves the cursor alone.
A run without, such as the nightly one, goes on from the cursor.
"""

import dagster as dg

from connectors.streams import TimeWindow
from orchestration.backfill import first_day
from orchestration.settings import Settings


def days_of(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Return the days, in UTC, up to yesterday."""
    return dg.DailyPartitionsDefinition(start_date=first_day(settings).isoformat(), timezone="UTC")


def window_of(context: dg.AssetExecutionContext) -> TimeWindow | None:
    """Return what a run was asked to fetch again, or None where it goes on from the cursor."""
    has_days = context.has_partition_key or context.has_partition_key_range
    if context.assets_def.partitions_def is None or not has_days:
        return None
    days = context.partition_time_window
    return TimeWindow(days.start, days.end)
