"""Disputes and corrections in a workspace: its ledger, its private store, and who may do what."""
