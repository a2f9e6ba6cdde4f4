"""Asking the sources themselves, at the end of a build, whether staging says what they say."""
