"""A workspace's logs towards others: witnesses, stamps, proofs, keys, and verifying all of it."""
