"""Governance: who may know whom, who signed what, and what may be published.

The identity vault (`vault`), people's signing keys (`signers`), redaction statements (`redaction`), metric
policies (`policies`), sign-offs (`sign_offs`) and the gate (`gate`). Nothing here knows Dagster, reads the
environment or looks at a clock: keys, paths, instants and randomness are arguments.
"""
