"""How names of people and teams are compared: by what a reader sees, not by how it is encoded.

One person in two roles must not pass for two, so a name is compared without what a review cannot show: case,
extra spaces, characters of no width, and the several ways in which Unicode writes one letter (UAX #15, NFKC).
"""

import unicodedata

_INVISIBLE = "Cf"  # Unicode's category of format characters: joiners, marks of direction, soft hyphens


def plain_name(name: str) -> str:
    """Return the form by which two names are one."""
    whole = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    visible = (letter for letter in whole if unicodedata.category(letter) != _INVISIBLE)
    return " ".join("".join(visible).split())
