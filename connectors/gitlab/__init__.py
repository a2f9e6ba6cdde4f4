"""GitLab: groups and their members, projects, merge requests, pipelines, jobs, deployments, environments."""
