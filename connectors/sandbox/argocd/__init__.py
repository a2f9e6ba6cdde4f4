"""The simulated organisation's Argo CD: one application for each service and environment."""
