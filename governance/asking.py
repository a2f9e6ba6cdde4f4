"""Asking a predicate: whatever goes wrong, the answer is no, with its reason."""

from collections.abc import Callable
from typing import Any

from governance.circumstances import PredicateResult


def answer_of(name: str, question: Callable[[], Any]) -> PredicateResult:
    """Ask, and take only a plain yes for a yes.

    Args:
        name: The predicate.
        question: Gives an `Answer`; one that breaks, or says anything but True or False, is not passed.
    """
    try:
        is_passed, *texts = question()
        observed, expected, remedy = (str(text) for text in texts)
    except Exception as error:  # noqa: BLE001 - the gate fails closed, whatever broke
        return _unanswered(name, repr(error))
    if not isinstance(is_passed, bool):
        return _unanswered(name, f"the answer is a {type(is_passed).__name__}")
    return PredicateResult(name, is_passed, observed, expected, remedy)


def _unanswered(name: str, why: str) -> PredicateResult:
    return PredicateResult(
        name,
        is_passed=False,
        observed=f"could not be answered: {why}",
        expected="an answer",
        remedy="mend the input that the message names",
    )
