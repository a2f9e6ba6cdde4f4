"""PagerDuty: incidents, what happened to them, services with their teams, and who is on call."""
