"""The people and bots of the simulated organisation. Every name is invented."""

import random
from dataclasses import dataclass

GIVEN_NAMES = (
    "Amara", "Björn", "Chiara", "Dmitri", "Elif", "Fatima", "Goran", "Hana", "Ibrahim", "Jana", "Kofi",
    "Léa", "Łukasz", "Mei", "Nuria", "Odd", "Priya", "Quentin", "Rania", "Søren", "Thandi", "Ulrike",
    "Vera", "Wanja", "Xóchitl", "Yusuf", "Zoë", "Anselm", "Beatriz", "Cem", "Dorothea", "Emeka", "Frida",
    "Giulia", "Henrik", "Ilse", "Jorge", "Katya", "Linnea", "Mårten",
)  # fmt: skip
FAMILY_NAMES = (
    "Abendroth", "Brüggemann", "Castellano", "Dvořák", "Engström", "Farouk", "Grzybowska", "Hakimi",
    "Ivanović", "Jansson", "Kaminski", "Lindqvist", "Mbeki", "Nakagawa", "Rourke", "Petrosyan", "Quispe",
    "Rautio", "Şahin", "Tanaka", "Uzun", "Vasquez", "Wójcik", "Xu", "Yilmaz", "Zieliński", "Achterberg",
    "Bonnefoy", "Cavalcanti", "Desrosiers", "Eklund", "Fjeldstad", "Gutiérrez", "Haverkamp", "Iwata",
    "Jovanović", "Kühn",
)  # fmt: skip
LETTERS = {
    "ö": "oe",
    "ü": "ue",
    "é": "e",
    "ë": "e",
    "Ł": "l",
    "ł": "l",
    "ø": "o",
    "å": "a",
    "ó": "o",
    "ř": "r",
    "ć": "c",
    "ń": "n",
    "Ş": "s",
    "á": "a",
    "ž": "z",
}
PAIRS_OF_NAMES = len(GIVEN_NAMES) * len(FAMILY_NAMES)
EACH_UNLINKED = 20
"""One person in so many commits with an address that no account has."""

OFFSETS = (0, 0, 60, 60, 120, -300, 330)
"""Minutes east of UTC that people's computers are set to."""


@dataclass(frozen=True, slots=True)
class Person:
    """A human or a bot with an account.

    Attributes:
        number: The account's number, the same for ever.
        login: Account name, plain ASCII.
        name: As written in commits, any letters.
        email: Address in commits.
        account_type: User or Bot; some bots are ordinary users.
        has_linked_email: Whether the address is known to be the account's; if not, a commit shows no account.
        offset_minutes: Time zone of the person's computer.
    """

    number: int
    login: str
    name: str
    email: str
    account_type: str = "User"
    has_linked_email: bool = True
    offset_minutes: int = 0

    @property
    def is_bot(self) -> bool:
        """Whether no human sits behind the account."""
        return self.account_type == "Bot" or self.login.endswith("-bot")


DEPENDABOT = Person(
    49699333,
    "dependabot[bot]",
    "dependabot[bot]",
    "49699333+dependabot[bot]@users.noreply.github.example",
    "Bot",
)
REVIEW_BOT = Person(
    71000001,
    "tidy-review[bot]",
    "tidy-review[bot]",
    "71000001+tidy-review[bot]@users.noreply.github.example",
    "Bot",
)
PIPELINE_BOT = Person(
    41898282, "pipeline[bot]", "pipeline[bot]", "41898282+pipeline[bot]@users.noreply.github.example", "Bot"
)
RELEASE_BOT = Person(5100001, "acme-release-bot", "Release Bot", "release-bot@acme.example")
"""A bot that is an ordinary user, told only by its name."""

WEB_FLOW = Person(19864447, "web-flow", "GitHub", "noreply@github.example")
"""Committer of what the web interface merges."""

BOTS = (DEPENDABOT, REVIEW_BOT, PIPELINE_BOT, RELEASE_BOT, WEB_FLOW)


def people(chance: random.Random, count: int) -> tuple[Person, ...]:
    """Invent people with distinct names and logins; each twentieth commits with an unknown address."""
    chosen = chance.sample(range(PAIRS_OF_NAMES), min(count, PAIRS_OF_NAMES))
    return tuple(person(chance, number, chosen[number % len(chosen)]) for number in range(count))


def person(chance: random.Random, number: int, choice: int) -> Person:
    """Invent one person; `choice` selects the pair of names, `number` keeps equal names apart."""
    given, family = GIVEN_NAMES[choice % len(GIVEN_NAMES)], FAMILY_NAMES[choice // len(GIVEN_NAMES)]
    plain = "".join(LETTERS.get(letter, letter) for letter in f"{given[0]}{family}-{given[1:3]}").lower()
    again = str(number) if number >= PAIRS_OF_NAMES else ""
    login = plain.encode("ascii", "ignore").decode() + again
    is_linked = number % EACH_UNLINKED != EACH_UNLINKED - 7
    return Person(
        number=1_000_000 + number * 17,
        login=login,
        name=f"{given} {family}",
        email=f"{login}@{'acme' if is_linked else 'home'}.example",
        has_linked_email=is_linked,
        offset_minutes=chance.choice(OFFSETS),
    )
