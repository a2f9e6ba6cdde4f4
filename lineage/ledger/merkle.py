"""RFC 6962 Merkle trees: hashes, proofs, and the check of proofs. Pure functions over hashes.

A *node* (level, position) is the root of the complete subtree over leaves `position << level` up to
`(position + 1) << level`. Level 0 are the leaf hashes. Whoever stores nodes hands in a `NodeReader`.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

NodeReader = Callable[[int, int], bytes]

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf's content (RFC 6962, section 2.1)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two children (RFC 6962, section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def node_number(level: int, position: int) -> int:
    """A node's in-order number: neighbours in the tree are neighbours in storage."""
    return (((position << 1) | 1) << level) - 1


def edge_levels(size: int) -> Iterator[int]:
    """Levels of the complete subtrees that make up a tree of `size` leaves, lowest first."""
    level = 0
    while size >> level:
        if (size >> level) & 1:
            yield level
        level += 1


def read_edge(node: NodeReader, size: int) -> dict[int, bytes]:
    """The unpaired nodes on the right edge of a tree, by level: all that is needed to append."""
    return {level: node(level, (size >> level) - 1) for level in edge_levels(size)}


def extend(
    edge: dict[int, bytes], size: int, hashes: Sequence[bytes]
) -> Iterator[tuple[int, int, list[bytes]]]:
    """Append leaf hashes to a tree of `size` leaves, in one pass per level.

    Args:
        edge: the tree's right edge (`read_edge`); updated in place to that of the grown tree.
        size: leaves before the call.
        hashes: the new leaf hashes.

    Yields:
        (level, first position, hashes) of the nodes that became complete, from the leaves upwards.
    """
    level, start, row = 0, size, list(hashes)
    while row:
        yield level, start, row
        if start & 1:
            row = [edge.pop(level), *row]
            start -= 1
        if len(row) & 1:
            edge[level] = row[-1]
        row = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row) - 1, 2)]
        start >>= 1
        level += 1


def root_of_edge(edge: dict[int, bytes]) -> bytes:
    """The tree's root from its right edge."""
    root: bytes | None = None
    for level in sorted(edge):
        root = edge[level] if root is None else node_hash(edge[level], root)
    return EMPTY_ROOT if root is None else root


def root(node: NodeReader, size: int) -> bytes:
    """The root of the first `size` leaves."""
    return root_of_edge(read_edge(node, size))


def _subtree(node: NodeReader, begin: int, end: int) -> bytes:
    """The root over leaves begin..end; begin is a multiple of the least power of two >= end - begin."""
    width = end - begin
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, begin >> level)
    split = _split(width)
    return node_hash(_subtree(node, begin, begin + split), _subtree(node, begin + split, end))


def _split(width: int) -> int:
    """The largest power of two smaller than width."""
    return 1 << ((width - 1).bit_length() - 1)


def inclusion_proof(node: NodeReader, index: int, size: int) -> list[bytes]:
    """The audit path of a leaf, nearest sibling first (RFC 6962, section 2.1.1).

    Raises:
        ValueError: the tree of that size does not have the leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size} leaves")
    path: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        split = begin + _split(end - begin)
        if index < split:
            path.append(_subtree(node, split, end))
            end = split
        else:
            path.append(_subtree(node, begin, split))
            begin = split
    return path[::-1]


def consistency_proof(node: NodeReader, old: int, new: int) -> list[bytes]:
    """Proof that a tree of `new` leaves starts with that of `old` leaves (RFC 6962, section 2.1.2).

    Raises:
        ValueError: old is greater than new, or negative.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves has no earlier state of {old} leaves")
    if old in (0, new):
        return []
    path: list[bytes] = []
    begin, end, is_whole = 0, new, True
    while old != end:
        split = begin + _split(end - begin)
        if old <= split:
            path.append(_subtree(node, split, end))
            end = split
        else:
            path.append(_subtree(node, begin, split))
            begin = split
            is_whole = False
    if not is_whole:
        path.append(_subtree(node, begin, end))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], *, root: bytes) -> bool:
    """Whether the proof shows that the leaf with this *hash* stands at `index` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            computed = node_hash(sibling, computed)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            computed = node_hash(computed, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and computed == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the old tree is a prefix of the new one (RFC 9162, section 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    position, last = old - 1, new - 1
    while position & 1:
        position >>= 1
        last >>= 1
    from_old = from_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            from_old = node_hash(sibling, from_old)
            from_new = node_hash(sibling, from_new)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            from_new = node_hash(from_new, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and from_old == old_root and from_new == new_root
