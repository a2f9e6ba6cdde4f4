"""CircleCI: pipelines, their workflows and jobs."""
