"""Values: what an expression rests on, as a tree that follows structs and lists.

An *atom* is one input: a column of a relation, a path inside it and the kind of its use. A value holds
atoms, and where SQL builds or takes apart a struct or a list, the values of its fields and of its elements,
so that `{'a': x, 'b': y}.a` rests on `x` alone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from lineage.columns.edges import Kind
from lineage.columns.json_paths import ELEMENT_STEP, extended, field_step
from lineage.columns.layouts import Layout, element_of, field_of


class Atom(NamedTuple):
    """One input of a value.

    Attributes:
        relation: The relation; None for an atom that stands for something that could not be followed, whose
            column is then the expression, and whose path the reason.
        is_open: Whether the value still has the shape of the input, so that a step into one is a step into
            the other.
    """

    relation: str | None
    column: str
    path: str
    kind: Kind
    is_open: bool


Atoms = frozenset[Atom]
NOTHING: Atoms = frozenset()


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression rests on; the parts lie over one another.

    Attributes:
        atoms: Inputs of the value as a whole.
        fields: Values of its fields by name in lower case, where it is a struct that SQL made.
        element: The value of its elements, where it is a list that SQL made.
        layout: The fields that it is known to have.
    """

    atoms: Atoms = NOTHING
    fields: Mapping[str, "Value"] | None = None
    element: "Value | None" = None
    layout: Layout = None

    def flat(self) -> Atoms:
        """Return the inputs of the value and of all its parts."""
        if self.fields is None and self.element is None:
            return self.atoms
        found = set(self.atoms)
        for part in (self.fields or {}).values():
            found |= part.flat()
        if self.element is not None:
            found |= self.element.flat()
        return frozenset(found)

    def field(self, name: str) -> "Value":
        """Return a field of a struct, or what a key of a document holds."""
        stepped = Value(_stepped(self.atoms, field_step(name)), layout=field_of(self.layout, name))
        made = (self.fields or {}).get(name.lower())
        through = self.element.field(name) if self.element is not None and self.fields is None else None
        return merged(each for each in (stepped, made, through) if each is not None)

    def elements(self) -> "Value":
        """Return an element of a list, whichever."""
        stepped = Value(_stepped(self.atoms, ELEMENT_STEP), layout=element_of(self.layout))
        return merged((stepped, self.element)) if self.element is not None else stepped

    def step(self, steps: Iterable[str]) -> "Value":
        """Follow the steps of a path."""
        found = self
        for step in steps:
            found = found.elements() if step == ELEMENT_STEP else found.field(_name_of(step))
        return found

    def used(self, kind: Kind) -> "Value":
        """Return the value after a use that keeps its shape: a cast, a choice, the least of many."""
        return self._mapped(lambda atom: atom._replace(kind=_covering(atom.kind, kind)))

    def as_document(self) -> "Value":
        """Return the value as a document that was parsed: its fields are the input's own."""
        return self._mapped(
            lambda atom: (
                atom._replace(kind=Kind.IDENTITY)
                if atom.is_open and atom.kind is Kind.TRANSFORMATION
                else atom
            )
        )

    def with_atoms(self, atoms: Iterable[Atom]) -> "Value":
        """Return the value with further inputs."""
        added = self.atoms.union(atoms)
        return self if added == self.atoms else replace(self, atoms=added)

    def _mapped(self, change: Callable[[Atom], Atom]) -> "Value":
        atoms = frozenset(map(change, self.atoms))
        if self.fields is None and self.element is None:
            return Value(atoms, layout=self.layout)
        fields = self.fields and {name: part._mapped(change) for name, part in self.fields.items()}  # noqa: SLF001 - its own kind
        element = self.element and self.element._mapped(change)  # noqa: SLF001 - its own kind
        return Value(atoms, fields, element, self.layout)


CONSTANT = Value()


def merged(values: Iterable[Value]) -> Value:
    """Lay values over one another: the result may be any of them."""
    given = list(values)
    if len(given) == 1:
        return given[0]
    atoms: set[Atom] = set()
    fields: dict[str, list[Value]] = {}
    for value in given:
        atoms |= value.atoms
        for name, part in (value.fields or {}).items():
            fields.setdefault(name, []).append(part)
    elements = [value.element for value in given if value.element is not None]
    return Value(
        frozenset(atoms),
        {name: merged(parts) for name, parts in fields.items()} or None,
        merged(elements) if elements else None,
        next((value.layout for value in given if value.layout is not None), None),
    )


def computed(values: Iterable[Value], kind: Kind = Kind.TRANSFORMATION) -> Value:
    """Return what is computed from values: their shapes are gone."""
    atoms = {
        atom._replace(kind=_covering(atom.kind, kind), is_open=False)
        for value in values
        for atom in value.flat()
    }
    return Value(frozenset(atoms))


def influence(values: Iterable[Value], kind: Kind) -> Atoms:
    """Return values as indirect inputs of one kind; what is indirect already keeps its kind."""
    return frozenset(
        atom._replace(kind=kind if atom.kind.is_direct else atom.kind, is_open=False)
        for value in values
        for atom in value.flat()
    )


def unresolved(expression: str, reason: str) -> Value:
    """Return a value that stands for something that could not be followed."""
    return Value(frozenset({Atom(None, expression, reason, Kind.TRANSFORMATION, is_open=False)}))


def _covering(inner: Kind, outer: Kind) -> Kind:
    return max(inner, outer) if inner.is_direct and outer.is_direct else inner


def _stepped(atoms: Atoms, step: str) -> Atoms:
    return frozenset(
        atom._replace(path=extended(atom.path, step)) if atom.is_open and atom.kind.is_direct else atom
        for atom in atoms
    )


def _name_of(step: str) -> str:
    return step[1:] if step.startswith(".") else step[2:-2]
