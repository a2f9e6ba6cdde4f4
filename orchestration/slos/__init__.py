"""Service level objectives of a workspace: OpenSLO v1 files, read, checked and resolved.

Files (`slos/*.yaml`) become documents (`reading`), these definitions (`resolving`), and these rows for the
warehouse (`rows`) and recording rules for a Prometheus (`rules`).
"""
