"""The simulated organisation's Alertmanager: the alerts that fire at the moment, and silences."""
