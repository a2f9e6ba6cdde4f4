"""The simulated Jira, Cloud and Data Center: two faces of one fold over the timeline."""
