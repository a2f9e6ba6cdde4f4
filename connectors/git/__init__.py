"""Git itself: commits with the paths they touch, and tags, from a clone on disk."""
