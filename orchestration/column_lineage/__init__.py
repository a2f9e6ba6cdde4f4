"""The column lineage of a workspace: models, Python steps, sources and exports, stored and asked.

`recording` stores it beside the marts, `declared` says what Python steps read and write, `asking` answers
the command.
"""
