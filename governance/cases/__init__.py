"""Cases: disputes about numbers and corrections of facts.

A case is a chain of events in the governance log that names nobody (`events`); names, texts and attachments
stay in a private store (`private_store`), and the log holds keyed commitments to them (`commitments`). What
a dispute may do next is a table (`disputes`), who may review it a rule (`independence`), for how long a
setting (`rules`). A correction is an overlay that two people sign (`corrections`); it edits nothing.
"""
