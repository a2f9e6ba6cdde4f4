"""GitHub and GitHub Enterprise: pull requests, issues, deployments, workflows, and who belongs where."""
