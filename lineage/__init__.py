"""Lineage: from a published number to the bytes it rests on, and the ledger that proves them.

`lineage.trace` follows one value to facts, records and pages; `lineage.definitions` hashes what a metric
means; `lineage.ledger` keeps the logs. Nothing here knows where records are stored: readers are arguments.
"""
