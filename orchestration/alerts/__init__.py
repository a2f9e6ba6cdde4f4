"""Alerting: what began and what recovered, told once per cause to the channels of the settings."""
