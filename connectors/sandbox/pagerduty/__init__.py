"""The simulated PagerDuty: who is on call, what went off, who answered, and when it was over."""
