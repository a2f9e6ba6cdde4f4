"""What the command may tell its user, and with which exit code.

AssayError                  70 a fault of Assay itself, unless a subclass says better
├── FindingsError            1 a check, a verification or a comparison found something
├── WitnessRefusedError      1 a witness or a timestamp authority refused or did not answer
├── UsageError               2 the command line or the workspace does not allow this
│   └── SettingsError        2 `assay.yml` is wrong: every problem, with its line and remedy
├── SourceFailedError        3 a source gave up; what it had delivered is kept, run again
├── WorkspaceLockedError     4 another run holds the workspace
├── BuildFailedError         5 the warehouse or the publication could not be built
└── NotCollectedError        6 all is well but for streams that the collection register does not allow
"""

from typing import ClassVar


class AssayError(Exception):
    """A failure whose message is all that the user needs; no traceback is shown for it."""

    exit_code: ClassVar[int] = 70


class FindingsError(AssayError):
    """Everything ran; what was examined is not as it should be."""

    exit_code = 1


class UsageError(AssayError):
    """The request makes no sense here: wrong folder, wrong option, something is missing."""

    exit_code = 2


class SettingsError(UsageError):
    """`assay.yml` has problems; the message lists every one of them."""


class SourceFailedError(AssayError):
    """A source could not be read to its end; everything committed so far is kept."""

    exit_code = 3


class WorkspaceLockedError(AssayError):
    """Another process works in this workspace."""

    exit_code = 4


class BuildFailedError(AssayError):
    """A model, a step or the publication failed; the published copy is untouched."""

    exit_code = 5


class NotCollectedError(AssayError):
    """Everything that may be fetched was, and was published; the register does not allow the rest."""

    exit_code = 6


class WitnessRefusedError(AssayError):
    """A witness or a timestamp authority refused or did not answer; nothing was changed."""

    exit_code = 1
