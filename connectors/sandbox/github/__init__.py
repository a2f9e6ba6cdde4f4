"""The simulated GitHub: a fold over the timeline, rendered and served as its API does."""
