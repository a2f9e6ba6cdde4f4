"""Checks that can go red: reconciliation between two places, and expectations of landings and marts."""

from quality_checks.checks import (
    ExpectedPlace,
    declared_checks,
    run_checks,
    run_expectations,
    run_reconciliation,
)
from quality_checks.published_rows import check_publication, publication_declarations
from quality_checks.results import LAYERS, CheckDeclaration, CheckResult, Layer, blocking_failures

__all__ = [
    "LAYERS",
    "CheckDeclaration",
    "CheckResult",
    "ExpectedPlace",
    "Layer",
    "blocking_failures",
    "check_publication",
    "declared_checks",
    "publication_declarations",
    "run_checks",
    "run_expectations",
    "run_reconciliation",
]
