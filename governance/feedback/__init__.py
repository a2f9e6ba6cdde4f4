"""Developmental feedback: what people tell each other to grow, apart from everything that feeds pay (I10).

`store` keeps the pieces in a database file of their own, their words sealed; `access` says who may read one
and writes every read by somebody else than its subject into the governance log; `citing` copies an excerpt
into an assessment by hand, with consent and a basis; `csv_import` takes pieces from a file.
"""

from governance.feedback.access import FeedbackDesk
from governance.feedback.citing import Citation, cite
from governance.feedback.pieces import KINDS, NewPiece, Person, Piece
from governance.feedback.store import FeedbackStore

__all__ = ["KINDS", "Citation", "FeedbackDesk", "FeedbackStore", "NewPiece", "Person", "Piece", "cite"]
