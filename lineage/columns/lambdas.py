"""Lambdas and list comprehensions: the parameter is an element of the list, whichever."""

from collections.abc import Callable, Sequence

from sqlglot import exp

from lineage.columns.edges import Kind
from lineage.columns.scopes import Scope
from lineage.columns.values import CONSTANT, NOTHING, Atoms, Value, computed, influence

Evaluate = Callable[[exp.Expr, Scope], Value]


def lambda_value(node: exp.Expr, scope: Scope, value_of: Evaluate, *, bound: Sequence[Value]) -> Value:
    """Return what a lambda's body rests on once its parameters are bound; a place is a constant."""
    parameters = [each.name for each in node.expressions]
    values = [*bound, *[CONSTANT] * (len(parameters) - len(bound))]
    return value_of(node.this, scope.with_variables(parameters, values))


def transformed_list(arguments: Sequence[exp.Expr], scope: Scope, value_of: Evaluate) -> Value:
    """Return `list_transform(list, lambda x: …)`: a list of what the body makes of an element.

    How many elements there are hangs on the list, even where the body reads none of it.
    """
    given = value_of(arguments[0], scope)
    if len(arguments) < 2 or not isinstance(arguments[1], exp.Lambda):  # noqa: PLR2004 - a list and a lambda
        return computed(value_of(each, scope) for each in arguments)
    element = given.elements()
    made = lambda_value(arguments[1], scope, value_of, bound=[element])
    return Value(_length_of(given, made), element=made)


def filtered_list(arguments: Sequence[exp.Expr], scope: Scope, value_of: Evaluate) -> Value:
    """Return `list_filter(list, lambda x: …)`: the list, under the influence of the condition."""
    given = value_of(arguments[0], scope)
    condition = lambda_value(arguments[1], scope, value_of, bound=[given.elements()])
    return given.used(Kind.TRANSFORMATION).with_atoms(influence([condition], Kind.FILTER))


def comprehension_value(node: exp.Expr, scope: Scope, value_of: Evaluate) -> Value:
    """Return `[expression for x in list if condition]`."""
    given = value_of(node.args["iterator"], scope)
    inner = scope.with_variables([node.expression.name], [given.elements()])
    made = value_of(node.this, inner)
    condition = node.args.get("condition")
    atoms = influence([value_of(condition, inner)], Kind.FILTER) if condition is not None else NOTHING
    return Value(_length_of(given, made) | atoms, element=made)


def _length_of(given: Value, made: Value) -> Atoms:
    return influence([given], Kind.CONDITIONAL) if not made.flat() else NOTHING
