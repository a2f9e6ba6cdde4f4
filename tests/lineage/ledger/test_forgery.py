"""Nobody forges a proof: the code agrees with an independent reading of the RFC, and no mutation passes."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lineage.ledger import MerkleTree, merkle
from tests.lineage.ledger import oracle

sizes = st.integers(min_value=1, max_value=130)
digests = st.binary(min_size=32, max_size=32)


def leaves_of(size: int) -> list[bytes]:
    return [b"leaf %d" % index for index in range(size)]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_roots_and_proofs_are_those_of_the_independent_implementation(data: st.DataObject) -> None:
    size = data.draw(sizes)
    index = data.draw(st.integers(0, size - 1))
    leaves = leaves_of(size)
    tree = MerkleTree.over(leaves)
    assert tree.root == oracle.mth(leaves)
    assert tree.inclusion_proof(index) == oracle.path(index, leaves)
    nodes = {
        (level, at): oracle.mth(leaves[at << level : (at + 1) << level])
        for level in range(size.bit_length())
        for at in range(size >> level)
    }
    assert merkle.consistency_proof(lambda *key: nodes[key], index + 1, size) == oracle.proof(
        index + 1, leaves
    )


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_an_inclusion_proof_holds_exactly_when_the_independent_reading_of_it_does(
    data: st.DataObject,
) -> None:
    """Index, size, root, path and leaf are changed at will: what passes is what gives the root by the RFC."""
    true_size = data.draw(sizes)
    true_index = data.draw(st.integers(0, true_size - 1))
    leaves = leaves_of(true_size)
    root = oracle.mth(leaves)
    steps = oracle.path(true_index, leaves)
    index = data.draw(st.one_of(st.just(true_index), st.integers(0, 140)))
    size = data.draw(st.one_of(st.just(true_size), st.integers(0, 140)))
    leaf = data.draw(st.one_of(st.just(leaves[true_index]), st.sampled_from(leaves), st.binary(max_size=40)))
    steps = data.draw(st.one_of(st.just(steps), mutated(steps)))
    passes = merkle.verify_inclusion(merkle.leaf_hash(leaf), index, size, steps, root=root)
    if index >= size:
        assert not passes
        return
    assert passes == (oracle.root_from_path(index, size, leaf, steps) == root)
    if passes and size == true_size:
        assert leaf == leaves[index], "a leaf was proven that is not there"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_changed_consistency_proof_passes(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, 130))
    old = data.draw(st.integers(1, new - 1))
    leaves = leaves_of(new)
    roots = [oracle.mth(leaves[:old]), oracle.mth(leaves)]
    steps = oracle.proof(old, leaves)
    assert merkle.verify_consistency(old, new, *roots, steps)
    forged = data.draw(mutated(steps))
    assume(forged != steps)
    assert not merkle.verify_consistency(old, new, *roots, forged)
    other = data.draw(digests)
    assume(other not in roots)
    assert not merkle.verify_consistency(old, new, other, roots[1], steps)
    assert not merkle.verify_consistency(old, new, roots[0], other, steps)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_history_that_was_rewritten_has_no_consistency_proof(data: st.DataObject) -> None:
    """The forger chooses the proof freely from all that the two trees know."""
    new = data.draw(st.integers(2, 40))
    old = data.draw(st.integers(1, new - 1))
    leaves = leaves_of(new)
    rewritten = list(leaves)
    rewritten[data.draw(st.integers(0, old - 1))] = b"another"
    known = [*oracle.proof(old, leaves), *oracle.proof(old, rewritten), oracle.mth(leaves[:old])]
    forged = data.draw(st.lists(st.sampled_from(known), max_size=9))
    for steps in (forged, oracle.proof(old, rewritten), oracle.proof(old, leaves)):
        assert not merkle.verify_consistency(old, new, oracle.mth(leaves[:old]), oracle.mth(rewritten), steps)


def mutated(steps: list[bytes]) -> st.SearchStrategy[list[bytes]]:
    """The path with a hash changed, left out, added, doubled or in another place."""
    places = st.integers(0, max(len(steps) - 1, 0))
    choices = [
        st.builds(lambda at, one: [*steps[:at], one, *steps[at:]], places, digests),
        st.just(steps[::-1]),
    ]
    if steps:
        choices += [
            st.builds(lambda at: steps[:at] + steps[at + 1 :], places),
            st.builds(lambda at: [*steps[: at + 1], *steps[at:]], places),
            st.builds(lambda at, one: [*steps[:at], one, *steps[at + 1 :]], places, digests),
            st.builds(lambda at, bit: _flipped(steps, at, bit), places, st.integers(0, 255)),
        ]
    return st.one_of(choices)


def _flipped(steps: list[bytes], at: int, bit: int) -> list[bytes]:
    changed = bytearray(steps[at])
    changed[bit // 8] ^= 1 << (bit % 8)
    return [*steps[:at], bytes(changed), *steps[at + 1 :]]
