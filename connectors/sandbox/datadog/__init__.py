"""The simulated Datadog: objectives with their history, monitors with their groups, incidents, users."""
