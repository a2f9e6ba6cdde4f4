"""Argo CD: what is rolled out where, over its API server."""
