"""Composes every room into runs: settings, Dagster definitions, schedules and the `assay` command."""
