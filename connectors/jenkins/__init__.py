"""Jenkins: jobs in folders, builds and stages, over the remote access API and the stage view."""
