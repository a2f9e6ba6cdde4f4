"""A simulated organisation: seeded, deterministic, served over real HTTP, and aware of its own truth."""

from connectors.sandbox.faults import Fault, FaultPlan
from connectors.sandbox.organisation import Organisation, OrganisationAt, simulate
from connectors.sandbox.parameters import ORGANISATION, Parameters
from connectors.sandbox.serving import SandboxServer, SandboxServerError, serve

__all__ = [
    "ORGANISATION",
    "Fault",
    "FaultPlan",
    "Organisation",
    "OrganisationAt",
    "Parameters",
    "SandboxServer",
    "SandboxServerError",
    "serve",
    "simulate",
]
