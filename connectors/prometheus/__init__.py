"""Prometheus and what speaks its query API: samples of configured queries, alerts, targets, rules."""
