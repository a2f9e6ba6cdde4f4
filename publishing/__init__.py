"""Publishing: a release of data, written to a new folder, sealed, and then switched to `current`.

`publish` writes a publication, `verify_publication` finds what was changed in one since, and
`recover_publications` finishes or removes what a crash cut off.
"""

from publishing.context import PublicationContext, SourceSummary
from publishing.errors import (
    ManifestError,
    PersonKeyError,
    PublicationInputError,
    PublicationRefusedError,
    PublishingError,
)
from publishing.finding import Finding
from publishing.publication import Publication, current_publication, publish
from publishing.recovery import recover_publications
from publishing.verification import verify_publication, verify_publications

__all__ = [
    "Finding",
    "ManifestError",
    "PersonKeyError",
    "Publication",
    "PublicationContext",
    "PublicationInputError",
    "PublicationRefusedError",
    "PublishingError",
    "SourceSummary",
    "current_publication",
    "publish",
    "recover_publications",
    "verify_publication",
    "verify_publications",
]
