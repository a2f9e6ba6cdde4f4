"""Jira, Cloud and Data Center: settings, streams and how they are read."""
