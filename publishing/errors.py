"""Errors of publishing.

PublishingError
├── PublicationInputError    the warehouse lacks what a publication is made of, or an argument is wrong
├── PublicationRefusedError  a blocking check is red, or the gate lets no metric through
├── PersonKeyError           a token of a person would have left the warehouse
└── ManifestError            a publication's manifest is missing or unreadable

With the first three nothing was published, and `current` is what it was.
"""


class PublishingError(Exception):
    """The root of everything publishing raises on purpose."""


class PublicationInputError(PublishingError):
    """The warehouse lacks what a publication is made of, or an argument is wrong."""


class PublicationRefusedError(PublishingError):
    """A blocking check is red, or the gate lets no metric through."""


class PersonKeyError(PublishingError):
    """A token of a person would have left the warehouse."""


class ManifestError(PublishingError):
    """A publication's manifest is missing or unreadable."""
