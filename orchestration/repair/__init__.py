"""Repairs: what is red, what to fetch again for it, and what became of it."""
