"""The simulated organisation's GitLab, served below `/gitlab/api/v4`."""
