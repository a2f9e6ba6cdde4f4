"""The Merkle functions against published vectors, the RFC's own recursion, and every small tree."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.ledger import merkle

SIZES = range(35)


def recursive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + recursive_root(leaves[:split]) + recursive_root(leaves[split:])).digest()


class Tree:
    """Nodes kept in a dictionary, grown in the given steps."""

    def __init__(self, leaves: list[bytes], steps: list[int] | None = None) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        edge: dict[int, bytes] = {}
        at = 0
        for step in steps or [len(leaves)]:
            hashes = [merkle.leaf_hash(leaf) for leaf in leaves[at : at + step]]
            for level, first, row in merkle.extend(edge, at, hashes):
                for position, each in enumerate(row, first):
                    assert (level, position) not in self.nodes, "a node is completed once"
                    self.nodes[level, position] = each
            at += len(hashes)
        self.edge_root = merkle.root_of_edge(edge)

    def node(self, level: int, position: int) -> bytes:
        return self.nodes[level, position]


def leaves_of(size: int) -> list[bytes]:
    return [b"leaf %d" % index for index in range(size)]


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    """Those of Certificate Transparency's own tests of RFC 6962: eight leaves, their roots and proofs."""
    document: dict[str, Any] = json.loads((Path(__file__).parent / "published_vectors.json").read_text())
    return document


def unhex(values: list[str]) -> list[bytes]:
    return [bytes.fromhex(value) for value in values]


def test_roots_are_those_of_the_published_vectors(vectors: dict[str, Any]) -> None:
    leaves = unhex(vectors["leaves_hex"])
    tree = Tree(leaves)
    roots = [merkle.root(tree.node, size) for size in range(1, len(leaves) + 1)]
    assert roots == unhex(vectors["roots_hex"])


def test_inclusion_proofs_are_those_of_the_published_vectors(vectors: dict[str, Any]) -> None:
    leaves, roots = unhex(vectors["leaves_hex"]), unhex(vectors["roots_hex"])
    tree = Tree(leaves)
    for case in vectors["inclusion"]:
        index, size = case["leaf"] - 1, case["size"]
        path = merkle.inclusion_proof(tree.node, index, size)
        assert path == unhex(case["path"])
        leaf = merkle.leaf_hash(leaves[index])
        assert merkle.verify_inclusion(leaf, index, size, path, root=roots[size - 1])


def test_consistency_proofs_are_those_of_the_published_vectors(vectors: dict[str, Any]) -> None:
    tree, roots = Tree(unhex(vectors["leaves_hex"])), unhex(vectors["roots_hex"])
    for case in vectors["consistency"]:
        old, new = case["old"], case["new"]
        path = merkle.consistency_proof(tree.node, old, new)
        assert path == unhex(case["path"])
        assert merkle.verify_consistency(old, new, roots[old - 1], roots[new - 1], path)


@given(steps=st.lists(st.integers(min_value=0, max_value=70), max_size=12))
def test_a_tree_grown_in_any_steps_has_the_root_of_the_recursion(steps: list[int]) -> None:
    leaves = leaves_of(sum(steps))
    tree = Tree(leaves, steps or [0])
    assert tree.edge_root == recursive_root(leaves)
    assert merkle.root(tree.node, len(leaves)) == recursive_root(leaves)


def test_every_leaf_of_every_small_tree_is_proven_and_no_other() -> None:
    leaves = leaves_of(max(SIZES))
    tree = Tree(leaves)
    for size in SIZES:
        root = recursive_root(leaves[:size])
        for index in range(size):
            proof = merkle.inclusion_proof(tree.node, index, size)
            hashed = merkle.leaf_hash(leaves[index])
            assert merkle.verify_inclusion(hashed, index, size, proof, root=root)
            assert not merkle.verify_inclusion(merkle.leaf_hash(b"other"), index, size, proof, root=root)
            assert not merkle.verify_inclusion(hashed, index, size, [*proof, root], root=root)
            assert not merkle.verify_inclusion(hashed, index, size, proof[:-1], root=root) or size == 1
            for other in range(size):
                is_proven = merkle.verify_inclusion(hashed, other, size, proof, root=root)
                assert is_proven == (other == index)


def test_every_growth_of_every_small_tree_is_proven_and_no_other() -> None:
    leaves = leaves_of(max(SIZES))
    tree = Tree(leaves)
    roots = [recursive_root(leaves[:size]) for size in SIZES]
    for new in SIZES:
        for old in range(new + 1):
            proof = merkle.consistency_proof(tree.node, old, new)
            assert merkle.verify_consistency(old, new, roots[old], roots[new], proof)
            assert not merkle.verify_consistency(old, new, b"\x00" * 32, roots[new], proof)
            assert not merkle.verify_consistency(old, new, roots[old], b"\x00" * 32, proof) or old == 0
            assert not merkle.verify_consistency(old, new, roots[old], roots[new], [*proof, roots[new]])
            if proof:
                assert not merkle.verify_consistency(old, new, roots[old], roots[new], proof[:-1])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_for_a_leaf_that_the_tree_does_not_have(index: int, size: int) -> None:
    tree = Tree(leaves_of(3))
    with pytest.raises(ValueError, match="is not in a tree"):
        merkle.inclusion_proof(tree.node, index, size)
    assert not merkle.verify_inclusion(b"", index, size, [], root=merkle.EMPTY_ROOT)


def test_there_is_no_proof_that_a_tree_shrank() -> None:
    tree = Tree(leaves_of(3))
    with pytest.raises(ValueError, match="no earlier state"):
        merkle.consistency_proof(tree.node, 3, 2)
    assert not merkle.verify_consistency(3, 2, tree.edge_root, tree.edge_root, [])


def test_node_numbers_are_distinct_and_in_order() -> None:
    numbers = [merkle.node_number(level, position) for level in range(6) for position in range(32 >> level)]
    assert sorted(numbers) == list(range(63))
    assert merkle.node_number(1, 0) == 1
    assert merkle.node_number(0, 7) == 14
