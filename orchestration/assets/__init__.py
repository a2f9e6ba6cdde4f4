"""Dagster's view of the flow: thin definitions that name, group, describe and check what the stages do."""
