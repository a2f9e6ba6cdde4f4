"""A Merkle tree in memory, for lists that are sealed at once: a publication's cells and its files."""

from collections.abc import Iterable, Sequence

from lineage.ledger import merkle


class MerkleTree:
    """The RFC 6962 tree over some leaves, of which it keeps the hashes alone.

    Args:
        hashes: the leaves' hashes (`merkle.leaf_hash`), in order.
    """

    def __init__(self, hashes: Sequence[bytes]) -> None:
        self._levels: list[list[bytes]] = []
        edge: dict[int, bytes] = {}
        for _, _, row in merkle.extend(edge, 0, hashes):
            self._levels.append(row)
        self.size = len(hashes)
        self.root = merkle.root_of_edge(edge)

    @classmethod
    def over(cls, leaves: Iterable[bytes]) -> "MerkleTree":
        """The tree over leaves by their content."""
        return cls([merkle.leaf_hash(leaf) for leaf in leaves])

    def inclusion_proof(self, index: int) -> list[bytes]:
        """The audit path of a leaf, for `merkle.verify_inclusion`.

        Raises:
            ValueError: the tree has no such leaf.
        """
        return merkle.inclusion_proof(lambda level, place: self._levels[level][place], index, self.size)
