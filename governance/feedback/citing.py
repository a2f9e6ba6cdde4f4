"""Citing a piece of feedback in an assessment: by hand, with consent, with a basis, and logged (I10).

An assessment is a text that a person answers for. An excerpt stands in it word for word, with why it was
cited; no number is made of it, and nothing that computes reads the folder.
"""

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from governance.canonical import canonical_json
from governance.errors import FeedbackError
from governance.feedback.access import FeedbackDesk
from governance.feedback.pieces import Person, Piece
from governance.log import GOVERNANCE_LOG

CITATION_MARK = b'"kind":"feedback_citation"'
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What is cited, where, by whom, and why.

    Attributes:
        piece_id: The piece.
        assessment: Name of the assessment, as a file would be called, without its ending.
        excerpt: Words of the piece, as they stand there.
        basis: Why the excerpt belongs into the assessment.
        cited_by: Who answers for it.
        cited_at: When.
    """

    piece_id: str
    assessment: str
    excerpt: str
    basis: str
    cited_by: Person
    cited_at: datetime

    def __post_init__(self) -> None:
        """Refuse a citation that nobody could follow.

        Raises:
            FeedbackError: the name, the excerpt or the basis is missing or wrong.
        """
        if not _NAME.fullmatch(self.assessment):
            raise FeedbackError(
                f"{self.assessment!r} is no name of an assessment: letters, digits, - and _, such as 2027-h1"
            )
        if not self.basis.strip() or not self.excerpt.strip():
            raise FeedbackError("a citation needs an excerpt and a basis: why it belongs into the assessment")


def cite(desk: FeedbackDesk, citation: Citation, *, folder: Path) -> tuple[Path, int]:
    """Log a citation and copy the excerpt into the assessment; nothing is written unless it is logged.

    Args:
        desk: Where the piece is kept and citations are logged.
        citation: What is cited.
        folder: Where the assessments lie.

    Returns:
        The assessment's file, and the index of the leaf.

    Raises:
        FeedbackError: who cites may not read the piece, neither giver nor subject has allowed it, or the
            excerpt does not stand there.
    """
    piece = desk.show(citation.piece_id, citation.cited_by, at=citation.cited_at)
    if not piece.consents:
        raise FeedbackError(
            f"neither the giver nor the subject of {piece.piece_id} has allowed it to be cited; one "
            f"of them does so with: assay feedback consent {piece.piece_id} --as PERSON"
        )
    if citation.excerpt not in piece.text:
        raise FeedbackError(
            f"the excerpt does not stand in {piece.piece_id} word for word; copy it from: assay feedback show"
        )
    file = folder / f"{citation.assessment}.md"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    with desk.log.transaction() as transaction:
        index = transaction.append(GOVERNANCE_LOG, _leaf(desk, citation, piece))
    desk.store.note_citation(
        piece.piece_id, citation.cited_by.tokens[0], leaf_index=index, at=citation.cited_at
    )
    _append(file, _section(citation, piece, index))
    return file, index


def _leaf(desk: FeedbackDesk, citation: Citation, piece: Piece) -> bytes:
    def committed(what: str, text: str) -> str:
        return desk.store.commitment(piece.piece_id, what, text)

    return canonical_json(
        {
            "v": 1,
            "kind": "feedback_citation",
            "piece": committed("piece", ""),
            "assessment": committed("assessment", citation.assessment),
            "excerpt": committed("excerpt", citation.excerpt),
            "basis": committed("basis", citation.basis),
            "cited_by": committed("cited_by", citation.cited_by.tokens[0]),
            "allowed_by": list(piece.consents),
            "cited_at": citation.cited_at.astimezone(UTC).isoformat(),
        }
    )


def _section(citation: Citation, piece: Piece, index: int) -> str:
    quoted = "\n".join(f"> {line}".rstrip() for line in citation.excerpt.splitlines())
    return (
        f"\n## Cited feedback, {citation.cited_at.astimezone(UTC):%Y-%m-%d}\n\n{quoted}\n\n"
        f"- From a piece of {piece.kind} feedback given on {piece.given_at:%Y-%m-%d} ({piece.piece_id}).\n"
        f"- Basis: {citation.basis}\n"
        f"- Cited by {citation.cited_by.name}; allowed by the {' and the '.join(piece.consents)}.\n"
        f"- Leaf {index} of the governance log.\n"
    )


def _append(file: Path, section: str) -> None:
    """Put a section at the end of the assessment, all or nothing, for its owner's eyes only."""
    before = file.read_text(encoding="utf-8") if file.exists() else f"# Assessment {file.stem}\n"
    draft = file.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(before + section)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
