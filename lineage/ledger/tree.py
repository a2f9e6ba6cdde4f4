"""A Merkle tree in memory, for lists that are sealed at once: a publication's cells and its files."""

from collections.abc import Iterable

from lineage.ledger import merkle


class MerkleTree:
    """The RFC 6962 tree over some leaves, which it does not keep."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._nodes: dict[tuple[int, int], bytes] = {}
        edge: dict[int, bytes] = {}
        hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
        self.size = len(hashes)
        for level, first, row in merkle.extend(edge, 0, hashes):
            self._nodes.update(((level, first + place), each) for place, each in enumerate(row))
        self.root = merkle.root_of_edge(edge)

    def inclusion_proof(self, index: int) -> list[bytes]:
        """The audit path of a leaf, for `merkle.verify_inclusion`.

        Raises:
            ValueError: the tree has no such leaf.
        """
        return merkle.inclusion_proof(lambda level, place: self._nodes[level, place], index, self.size)
