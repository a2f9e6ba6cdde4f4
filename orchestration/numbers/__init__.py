"""Published numbers and people's own: tracing them to the bytes, and making them again from those."""
