"""Titles and texts, some of them awkward on purpose: other letters, formulas, markup."""

import random

from connectors.sandbox.drawing import happens

VERBS = (
    "Add", "Handle", "Simplify", "Speed up", "Document", "Validate", "Retry", "Log", "Move", "Rename",
    "Cache",
)  # fmt: skip
THINGS = (
    "empty baskets", "currency rounding", "session refresh", "the export job", "late webhooks",
    "feature defaults", "slow queries", "the address form", "page titles", "search facets", "stock levels",
    "invoice numbers", "opening hours", "the retry queue", "price lists", "image sizes", "login errors",
    "time zones",
)  # fmt: skip
PLACES = (
    "in the API", "for returning customers", "on mobile", "in the nightly run", "behind a flag",
    "in reports", "at start-up", "in the importer", "for guests", "in the back office",
)  # fmt: skip
AWKWARD = (
    "=SUM(A1:A9) stays text in exported cells",
    "<script>alert('x')</script> in names is escaped",
    "+1 day for delivery estimates",
    "-0 is not a price",
    "@everyone no longer notifies",
    'Quotes "inside" titles, and commas',
    "Größere Bilder für Übersichtsseiten",
    "検索結果の並び順を直す",
    "Prise en charge des caractères 🚀",
)
AWKWARD_SHARE = 0.03
SYMPTOMS = (
    "Checkout errors above 5 %", "Latency doubled", "Customers see blank pages",
    "Orders stuck in processing", "Error budget burning fast", "Login fails for some users",
    "Prices shown without tax", "Queue backs up",
)  # fmt: skip
OUTSIDE = (
    "Upstream provider outage", "Certificate of a partner expired", "Disk full on a shared host",
    "Traffic spike after a newsletter", "DNS resolution slow", "Regional network trouble",
)  # fmt: skip
REMARKS = (
    "Could this be a constant?", "Please add a test for the empty case.", "Nice.", "Naming: plural?",
    "Does this hold for guests too?", "We log this twice now.", "Typo.", "Can we drop the old branch here?",
)  # fmt: skip
PACKAGES = (
    "httpx", "lodash", "jackson", "protobuf", "postgres-driver", "react", "urllib3", "openssl-bindings",
)  # fmt: skip


def title(chance: random.Random) -> str:
    """A title for a piece of work."""
    if happens(chance, AWKWARD_SHARE):
        return chance.choice(AWKWARD)
    return f"{chance.choice(VERBS)} {chance.choice(THINGS)} {chance.choice(PLACES)}"


def step(chance: random.Random) -> str:
    """A message of one commit among several."""
    return f"{chance.choice(VERBS)} {chance.choice(THINGS)}"


def branch_name(chance: random.Random, text: str) -> str:
    """A branch for a piece of work; the number keeps branches apart."""
    words = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text.lower())
    return f"{'-'.join(filter(None, words.split('-')))[:40] or 'work'}-{chance.randrange(10_000)}"
