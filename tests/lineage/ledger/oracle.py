"""RFC 9162, section 2.1, word for word, by recursion over the leaves: it shares no line with the product."""

from hashlib import sha256


def mth(leaves: list[bytes]) -> bytes:
    """The Merkle Tree Hash (2.1.1)."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = _split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D_n), the inclusion proof (2.1.3.1)."""
    n = len(leaves)
    if n == 1:
        return []
    k = _split(n)
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m: int, leaves: list[bytes]) -> list[bytes]:
    """PROOF(m, D_n), the consistency proof (2.1.4.1)."""
    return _subproof(m, leaves, is_complete=True)


def root_from_path(m: int, n: int, leaf: bytes, steps: list[bytes]) -> bytes | None:
    """The root that a path gives when PATH is read backwards; None where it has another length."""
    if n == 1:
        return None if steps else sha256(b"\x00" + leaf).digest()
    if not steps:
        return None
    k = _split(n)
    if m < k:
        left = root_from_path(m, k, leaf, steps[:-1])
        return None if left is None else sha256(b"\x01" + left + steps[-1]).digest()
    right = root_from_path(m - k, n - k, leaf, steps[:-1])
    return None if right is None else sha256(b"\x01" + steps[-1] + right).digest()


def _subproof(m: int, leaves: list[bytes], *, is_complete: bool) -> list[bytes]:
    n = len(leaves)
    if m == n:
        return [] if is_complete else [mth(leaves)]
    k = _split(n)
    if m <= k:
        return [*_subproof(m, leaves[:k], is_complete=is_complete), mth(leaves[k:])]
    return [*_subproof(m - k, leaves[k:], is_complete=False), mth(leaves[:k])]


def _split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k
