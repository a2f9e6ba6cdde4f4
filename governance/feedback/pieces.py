"""A piece of feedback, the people in it, and how the governance log speaks of both: by keyed commitments."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from governance.errors import FeedbackError

Kind = Literal["manager", "peer", "self", "upward"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_LABEL = b"assay developmental feedback, 1\0"
_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a piece of feedback, or who acts on one.

    Attributes:
        name: As somebody wrote it; it is kept sealed.
        tokens: Tokens of the person's accounts in the identity vault, the one that is kept first; where the
            vault knows nobody of that name, one keyed token of the name.
    """

    name: str
    tokens: tuple[str, ...]

    def is_behind(self, token: str) -> bool:
        """Whether a kept token is this person's."""
        return token in self.tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPiece:
    """A piece of feedback as it is given.

    Attributes:
        giver: From whom.
        subject: About whom.
        kind: `peer`, `upward` (to one's manager), `manager` (to a report) or `self`.
        given_at: When.
        text: The words.
        is_citable: Whether the giver allows it to be cited in an assessment.
    """

    giver: Person
    subject: Person
    kind: Kind
    given_at: datetime
    text: str
    is_citable: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no piece of feedback.

        Raises:
            FeedbackError: what is wrong, and what to do.
        """
        if self.kind not in KINDS:
            raise FeedbackError(f"unknown kind of feedback {self.kind!r}; known: {', '.join(KINDS)}")
        if not self.text.strip():
            raise FeedbackError("a piece of feedback needs words")
        if len(self.text) > _LONGEST:
            raise FeedbackError(
                f"a piece of feedback has at most {_LONGEST} signs; this has {len(self.text)}"
            )
        if self.given_at.tzinfo is None:
            raise FeedbackError("the time at which feedback was given needs a time zone")
        if (self.kind == "self") != bool(set(self.giver.tokens) & set(self.subject.tokens)):
            raise FeedbackError(
                "feedback of the kind self is from and about one person, any other from another"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A kept piece, opened."""

    piece_id: str
    giver_token: str
    subject_token: str
    giver_name: str
    subject_name: str
    kind: str
    given_at: datetime
    text: str
    consents: tuple[str, ...]


def commitment(key: bytes, piece_id: str, what: str, text: str) -> str:
    """Return a keyed hash of words in their place: equal words elsewhere give another one."""
    message = f"{what}\0{piece_id}\0{text}".encode()
    return hmac.new(key, _LABEL + message, hashlib.sha256).hexdigest()
