"""The stages of a run as plain functions over an open session; `assets` hands them to Dagster."""
