"""Alertmanager: the alerts of the moment, silences and receivers. Its history is Prometheus' `ALERTS`."""
