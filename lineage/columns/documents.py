"""Documents: steps into JSON, structs, lists and maps, which become steps of the path inside a column."""

from collections.abc import Callable

from sqlglot import exp

from lineage.columns.edges import Kind
from lineage.columns.json_paths import steps_of
from lineage.columns.layouts import Layout, layout_of_data_type, layout_of_structure
from lineage.columns.values import Value, computed, influence, merged

Evaluate = Callable[[exp.Expr], Value]


def parsed_value(arguments: list[exp.Expr], value_of: Evaluate) -> Value:
    """Return a document that `from_json` and its like parse: its fields are those of the text."""
    document = value_of(arguments[0]).as_document()
    if len(arguments) == 1:
        return document
    if not (isinstance(arguments[1], exp.Literal) and arguments[1].is_string):
        return document.with_atoms(influence([value_of(arguments[1])], Kind.CONDITIONAL))
    return _laid_out(document, layout_of_structure(arguments[1].name))


def cast_value(node: exp.Expr, value: Value) -> Value:
    """Return a value after a cast, which keeps its shape; text cast to JSON or to a struct is a document."""
    to = node.args.get("to")
    if isinstance(to, exp.DataType) and (to.is_type(exp.DType.JSON) or to.args.get("nested")):
        used = value.used(Kind.TRANSFORMATION).as_document()
        return _laid_out(used, layout_of_data_type(to))
    return value.used(Kind.TRANSFORMATION)


def extracted_value(document: Value, path: exp.Expr, value_of: Evaluate) -> Value:
    """Return what a JSON path finds in a document: one place, or several for a list of paths."""
    found = document.as_document()
    if isinstance(path, exp.Array):
        steps = [steps_of(each) for each in path.expressions]
        known = [each for each in steps if each is not None]
        if len(known) == len(steps):
            return Value(element=merged(found.step(each) for each in known))
    literal = steps_of(path)
    if literal is None:
        return computed([document, value_of(path)])
    return found.step(literal)


def document_value(arguments: list[exp.Expr], value_of: Evaluate) -> Value:
    """Return what a function with a path finds in a document."""
    if len(arguments) == 1:
        return value_of(arguments[0]).as_document()
    return extracted_value(value_of(arguments[0]), arguments[1], value_of)


def field_value(arguments: list[exp.Expr], value_of: Evaluate) -> Value:
    """Return a field of a struct that a function takes by a literal name."""
    value = value_of(arguments[0])
    if len(arguments) > 1 and isinstance(arguments[1], exp.Literal) and arguments[1].is_string:
        return value.field(arguments[1].name)
    return computed([value])


def bracket_value(node: exp.Expr, value: Value, value_of: Evaluate) -> Value:
    """Return `list[1]`, `list[from:until]`, `struct['field']` or `map['key']`."""
    index = node.expressions[0]
    if isinstance(index, exp.Literal) and index.is_string:
        return value.field(index.name)
    place = influence([value_of(index)], Kind.CONDITIONAL)
    if isinstance(index, exp.Slice):
        return value.used(Kind.TRANSFORMATION).with_atoms(place)
    return value.elements().with_atoms(place)


def _laid_out(value: Value, layout: Layout) -> Value:
    return Value(value.atoms, value.fields, value.element, layout if layout is not None else value.layout)
