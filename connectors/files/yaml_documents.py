"""YAML of unknown origin: plain values only, of bounded size also after its aliases are followed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import yaml

from connectors.errors import PermanentSourceError
from connectors.files.tables import TableError

MOST_BYTES = 1024 * 1024
_MOST_NODES = 100_000


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """One document of a file.

    Attributes:
        line: The line that it begins on, counted from 1.
        value: What it says.
    """

    line: int
    value: Any


def yaml_documents(content: IO[bytes]) -> Iterator[YamlDocument]:
    """The documents of a file; empty ones are passed over.

    Raises:
        PermanentSourceError: It is too large, no YAML, or grows without measure by its aliases.
    """
    text = content.read(MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        raise PermanentSourceError(f"The file has more than {MOST_BYTES} bytes. Split it.")
    loader = yaml.SafeLoader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                continue
            if _node_count(node, {}, set()) > _MOST_NODES:
                raise TableError("The aliases make too much of it. Write it out.", line=_line(node))
            value = loader.construct_document(node)
            if value is not None:
                yield YamlDocument(_line(node), value)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TableError(
            f"This is not YAML: {error.problem}. Mend the file.", line=mark.line + 1 if mark else None
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise TableError(f"This is not YAML: {str(error).splitlines()[0]}. Mend the file.") from error
    except RecursionError as error:
        raise TableError("It is nested too deeply. Mend the file.") from error
    finally:
        loader.dispose()


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _node_count(node: yaml.Node, known: dict[int, int], open_nodes: set[int]) -> int:
    """Nodes that the document has once every alias is written out, or more than are allowed."""
    identity = id(node)
    if identity in known:
        return known[identity]
    if identity in open_nodes:
        return _MOST_NODES + 1
    open_nodes.add(identity)
    count = 1
    for child in _children(node):
        count = min(count + _node_count(child, known, open_nodes), _MOST_NODES + 1)
    open_nodes.discard(identity)
    known[identity] = count
    return count


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value
