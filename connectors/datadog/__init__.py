"""Datadog: service level objectives with their history, monitors with their groups, incidents."""
