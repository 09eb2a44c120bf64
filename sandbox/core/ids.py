"""Where chance comes from: one independent stream for each entity, all from one seed.

A stream is named, not numbered (``contact/alex``, ``connection/crm``), so that
adding a step to a scenario leaves every other entity as it was.  The numbers are
BLAKE2b in counter mode: the same on every platform, Python version and
``PYTHONHASHSEED``, and cheap to start, which `random.Random` is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from struct import Struct
from typing import Final, TypeVar

T = TypeVar("T")

# Copying a hasher costs a third of making one, and hardly a stream needs a fifth block.
_COUNTERS: Final = [blake2b(salt=block.to_bytes(8, "little")) for block in range(4)]
_INTEGERS: Final = [Struct(f"<{count}Q") for count in range(13)]


class Stream:
    """Deterministic randomness for one entity."""

    __slots__ = ("_at", "_block", "_key", "_pool")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._block = self._at = 0
        self._pool = b""

    def take(self, count: int) -> bytes:
        """The next *count* random bytes."""
        at, end = self._at, self._at + count
        if end > len(self._pool):
            self._refill(count)
            at, end = 0, count
        self._at = end
        return self._pool[at:end]

    def _refill(self, count: int) -> None:
        pool, block = self._pool[self._at :], self._block
        while len(pool) < count:
            if block < len(_COUNTERS):
                hasher = _COUNTERS[block].copy()
            else:
                hasher = blake2b(salt=block.to_bytes(8, "little"))
            hasher.update(self._key)
            pool += hasher.digest()
            block += 1
        self._pool, self._block = pool, block

    def hex(self, digits: int) -> str:
        """*digits* lower-case hex digits; *digits* is even."""
        return self.take(digits // 2).hex()

    def below(self, bound: int) -> int:
        """An integer from 0 to *bound* - 1; its bias is under one in 2**32."""
        # As take(8), without the call.
        at, end = self._at, self._at + 8
        if end > len(self._pool):
            self._refill(8)
            at, end = 0, 8
        self._at = end
        return int.from_bytes(self._pool[at:end], "little") % bound

    def integers(self, count: int) -> tuple[int, ...]:
        """The next *count* integers of 64 bits, at most 12: modulo a bound they are what `below` draws.

        One call for what would be several.
        """
        size = 8 * count
        at, end = self._at, self._at + size
        if end > len(self._pool):
            self._refill(size)
            at, end = 0, size
        self._at = end
        return _INTEGERS[count].unpack_from(self._pool, at)

    def between(self, low: int, high: int) -> int:
        """An integer from *low* to *high*, both included."""
        return low + self.below(high - low + 1)

    def fraction(self) -> float:
        """A float from 0 up to, not including, 1."""
        return (int.from_bytes(self.take(7), "little") >> 3) / (1 << 53)

    def chance(self, probability: float) -> bool:
        """True as often as *probability* (0 to 1) says."""
        return self.fraction() < probability

    def choice(self, items: Sequence[T]) -> T:
        """One of *items*, each as likely as the others."""
        return items[self.below(len(items))]

    def digits(self, count: int) -> str:
        """*count* decimal digits, the first of them not 0."""
        lowest = 10 ** (count - 1)
        return str(lowest + self.below(9 * lowest))

    def uuid4(self) -> str:
        """A random (version 4) UUID in its usual form."""
        raw = self.take(16)
        text, variant = raw.hex(), "89ab"[raw[8] >> 4 & 3]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"

    def object_id(self, created: datetime | None) -> str:
        """24 hex digits in the form of a MongoDB ObjectId.

        The first eight are *created* in seconds (an assumption of ours: true of
        MongoDB, not of the published sample), or random where it is None.
        """
        if created is None:
            return self.hex(24)
        seconds = int(created.timestamp()) & 0xFFFFFFFF
        return (seconds.to_bytes(4, "big") + self.take(8)).hex()


class Seed:
    """The one source: hands out a `Stream` by name, always the same one for the same name."""

    __slots__ = ("_keyed", "value")

    def __init__(self, value: int) -> None:
        self.value = value
        key = blake2b(str(value).encode(), digest_size=32, person=b"wexio-sandbox").digest()
        self._keyed = blake2b(key=key, digest_size=32)

    def stream(self, name: str) -> Stream:
        """The stream of the entity called *name*, from its beginning."""
        hasher = self._keyed.copy()
        hasher.update(name.encode())
        return Stream(hasher.digest())
