"""Errors of governance.

GovernanceError
├── VaultError            the identity vault cannot be opened or filled
│   ├── VaultKeyError     the vault was filled with another token key
│   └── IdentityError     a decision about an identity cannot be made as it stands
├── SignerError           a person's key or signature is missing, unknown or wrong
├── PolicyError           a policy file is wrong, or would loosen what a metric's definition demands
│   └── RegisterError     the collection register is wrong, or cannot be confirmed as it stands
├── DispositionError      a decision about an incident's cause cannot be made as it stands
├── ReadingError          a reading of what concerns people cannot be recorded as it stands
├── DeliveryError         a publication cannot be handed over on the record as it was asked
├── DriftDecisionError    a decision about a source's drift cannot be made as it stands
├── CaseError             a case cannot be read, or its private content not be kept
│   ├── DisputeError      a step of a dispute is not allowed as it stands
│   └── CorrectionError   a correction is wrong, lacks evidence, or lacks a second person
├── FeedbackError         a piece of feedback cannot be kept, read or cited as it stands
└── LeafError             a statement cannot be written as canonical JSON
"""


class GovernanceError(Exception):
    """The root of everything governance raises on purpose."""


class VaultError(GovernanceError):
    """The identity vault cannot be opened or filled."""


class VaultKeyError(VaultError):
    """The vault's tokens were made with another key: going on would give everybody a second token."""


class IdentityError(VaultError):
    """A decision about an identity cannot be made as it stands."""


class SignerError(GovernanceError):
    """A person's key or signature is missing, unknown or wrong."""


class PolicyError(GovernanceError):
    """A policy file is wrong, or would loosen what a metric's definition demands."""


class RegisterError(PolicyError):
    """The collection register is wrong, or cannot be confirmed as it stands."""


class DispositionError(GovernanceError):
    """A decision about an incident's cause cannot be made as it stands."""


class ReadingError(GovernanceError):
    """A reading of what concerns people cannot be recorded as it stands."""


class DeliveryError(GovernanceError):
    """A publication cannot be handed over on the record as it was asked."""


class DriftDecisionError(GovernanceError):
    """A decision about a source's drift cannot be made as it stands."""


class CaseError(GovernanceError):
    """A case cannot be read, or its private content not be kept."""


class DisputeError(CaseError):
    """A step of a dispute is not allowed as it stands."""


class CorrectionError(CaseError):
    """A correction is wrong, lacks evidence, or lacks a second person."""


class FeedbackError(GovernanceError):
    """A piece of feedback cannot be kept, read or cited as it stands."""


class LeafError(GovernanceError):
    """A statement holds something that canonical JSON has no single spelling for."""
