"""The page `docs/planted-faults.md`: every planted fault beside the checks that catch it."""

from collections.abc import Iterator, Sequence

from connectors.sources import SOURCE_KINDS
from orchestration.source_contracts import source_contracts
from orchestration.stream_contracts import contracts_of
from quality_checks import declared_checks, publication_declarations
from quality_checks.source_drift.checks import drift_declarations
from tests.planted_faults.catalogue import FAULTS
from tests.planted_faults.fault import FaultLayer, PlantedFault

LAYERS: tuple[FaultLayer, ...] = ("source", "evidence", "staging", "facts", "marts", "exports")
_TITLE = """# Planted faults

<!-- Written by `python -m tests.planted_faults`; change tests/planted_faults/ and run it again. -->

Each of these faults is planted alone in a sound company: a record lost on the way, a mistake in a model, a
table that was not made again. Everything that is made of it is made anew, then the checks of a run and the
data tests of the project look at it. `make test-faults` plants all of them, `make test-slow` a sample. A
fault that no check catches must leave every value of every metric as it was.
"""


def page() -> str:
    """Return the page."""
    return (
        "\n".join([_TITLE, *_summary(FAULTS), *(line for layer in LAYERS for line in _table(layer))]) + "\n"
    )


def severities() -> dict[str, str]:
    """Return how much each check weighs, by its name; what dbt and `assay verify` find stops everything."""
    kinds = frozenset(SOURCE_KINDS)
    declarations = [
        *declared_checks(contracts_of(kinds)),
        *drift_declarations(source_contracts(kinds)),
        *publication_declarations(),
    ]
    return {declaration.name: declaration.severity for declaration in declarations}


def _summary(faults: Sequence[PlantedFault]) -> Iterator[str]:
    caught = sum(bool(fault.caught_by) for fault in faults)
    yield f"**{caught} of {len(faults)} are caught: {100 * caught / len(faults):.1f} %.**"
    yield ""
    yield "| Layer | Faults | Caught |"
    yield "|---|---|---|"
    for layer in LAYERS:
        of_layer = [fault for fault in faults if fault.layer == layer]
        if of_layer:
            yield f"| {layer} | {len(of_layer)} | {sum(bool(fault.caught_by) for fault in of_layer)} |"


def _table(layer: FaultLayer) -> Iterator[str]:
    of_layer = [fault for fault in FAULTS if fault.layer == layer]
    if not of_layer:
        return
    known = severities()
    yield f"\n## {layer.capitalize()}\n"
    yield "| Fault | What is wrong | Caught by | Severity |"
    yield "|---|---|---|---|"
    for fault in of_layer:
        names = "<br>".join(f"`{name}`" for name in fault.caught_by) or "nothing"
        severity = _severity(fault, known)
        yield f"| {fault.name} | {fault.says}{_reason(fault)} | {names} | {severity} |"


def _severity(fault: PlantedFault, known: dict[str, str]) -> str:
    """The weight of the heaviest that catches it."""
    found = {known.get(name, "blocking") for name in fault.caught_by}
    return "blocking" if "blocking" in found else "warning" if found else ""


def _reason(fault: PlantedFault) -> str:
    reason = getattr(fault, "why_uncaught", "")
    return f" {reason}" if reason else ""
