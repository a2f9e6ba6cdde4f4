"""Who may read a piece of feedback, and the trace that a read leaves.

The subject reads what is said about them, and no trace is kept of it. The giver and a configured coach may
read too; each such read is a leaf of the governance log, which holds keyed commitments and no word of
anybody's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from governance.canonical import canonical_json
from governance.errors import FeedbackError
from governance.feedback.pieces import Person, Piece
from governance.feedback.store import FeedbackStore
from governance.log import GOVERNANCE_LOG, GovernanceLog

Part = Literal["subject", "giver", "coach"]
READ_MARK = b'"kind":"feedback_read"'


@dataclass(frozen=True, slots=True)
class FeedbackDesk:
    """The one place at which feedback is read.

    Attributes:
        store: Where it is kept.
        log: Where reads are noted.
        coaches: Who may read besides the two people of a piece.
    """

    store: FeedbackStore
    log: GovernanceLog
    coaches: tuple[Person, ...] = ()

    def show(self, piece_id: str, reader: Person, *, at: datetime) -> Piece:
        """Return a piece to somebody who may read it.

        Raises:
            FeedbackError: there is none of that name for this reader; which of both is not told.
        """
        piece = self.store.piece(piece_id)
        part = self.part_of(reader, piece) if piece else None
        if piece is None or part is None:
            raise _no_such(piece_id, reader)
        self._note("show", [piece], reader, part, at=at)
        return piece

    def listed(self, reader: Person, *, at: datetime) -> list[Piece]:
        """Return every piece that somebody may read."""
        found: list[Piece] = []
        by_part: dict[Part, list[Piece]] = {}
        for piece in self.store.pieces():
            part = self.part_of(reader, piece)
            if part is not None:
                found.append(piece)
                by_part.setdefault(part, []).append(piece)
        for part, pieces in by_part.items():
            self._note("list", pieces, reader, part, at=at)
        return found

    def consent(self, piece_id: str, person: Person, *, at: datetime) -> Part:
        """Let the giver or the subject allow a piece to be cited, and return which of them it was.

        Raises:
            FeedbackError: the person is neither, or there is no such piece.
        """
        piece = self.store.piece(piece_id)
        part = self.part_of(person, piece) if piece else None
        if part not in ("giver", "subject"):
            raise _no_such(piece_id, person)
        self.store.consent(piece_id, part, at=at)
        return part

    def part_of(self, reader: Person, piece: Piece) -> Part | None:
        """Return by what right somebody may read a piece; None where by none."""
        if reader.is_behind(piece.subject_token):
            return "subject"
        if reader.is_behind(piece.giver_token):
            return "giver"
        is_coach = any(set(reader.tokens) & set(coach.tokens) for coach in self.coaches)
        return "coach" if is_coach else None

    def _note(self, what: str, pieces: Sequence[Piece], reader: Person, part: Part, *, at: datetime) -> None:
        """Append the leaf before anything is shown: a read that is not noted does not take place."""
        if part == "subject":
            return
        first = pieces[0].piece_id
        document = {
            "v": 1,
            "kind": "feedback_read",
            "what": what,
            "part": part,
            "pieces": [self.store.commitment(piece.piece_id, "piece", "") for piece in pieces],
            "reader": self.store.commitment(first, "reader", reader.tokens[0]),
            "read_at": at.astimezone(UTC).isoformat(),
        }
        with self.log.transaction() as transaction:
            transaction.append(GOVERNANCE_LOG, canonical_json(document))


def _no_such(piece_id: str, person: Person) -> FeedbackError:
    return FeedbackError(
        f"there is no piece of feedback {piece_id} that {person.name} has a part in; "
        "`assay feedback list --as PERSON` lists those that a person may read"
    )
