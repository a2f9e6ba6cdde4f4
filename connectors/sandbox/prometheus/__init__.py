"""The simulated organisation's Prometheus: counters, `up` and `ALERTS`, from the timeline."""
