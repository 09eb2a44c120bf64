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
from typing import TypeVar

T = TypeVar("T")


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
        pool = self._pool[self._at :]
        while len(pool) < count:
            pool += blake2b(self._key, salt=self._block.to_bytes(8, "little")).digest()
            self._block += 1
        self._pool = pool

    def hex(self, digits: int) -> str:
        """*digits* lower-case hex digits; *digits* is even."""
        return self.take(digits // 2).hex()

    def below(self, bound: int) -> int:
        """An integer from 0 to *bound* - 1; its bias is under one in 2**32."""
        # As take(8), without the call: people are made of little else.
        at, end = self._at, self._at + 8
        if end > len(self._pool):
            self._refill(8)
            at, end = 0, 8
        self._at = end
        return int.from_bytes(self._pool[at:end], "little") % bound

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
        return str(self.between(10 ** (count - 1), 10**count - 1))

    def uuid4(self) -> str:
        """A random (version 4) UUID in its usual form."""
        raw = bytearray(self.take(16))
        raw[6] = raw[6] & 0x0F | 0x40
        raw[8] = raw[8] & 0x3F | 0x80
        text = raw.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def object_id(self, created: datetime | None) -> str:
        """24 hex digits in the form of a MongoDB ObjectId.

        The first eight are *created* in seconds (an assumption of ours: true of
        MongoDB, not of the published sample), or random where it is None.
        """
        if created is None:
            return self.hex(24)
        return f"{int(created.timestamp()) & 0xFFFFFFFF:08x}{self.hex(16)}"


class Seed:
    """The one source: hands out a `Stream` by name, always the same one for the same name."""

    __slots__ = ("_key", "value")

    def __init__(self, value: int) -> None:
        self.value = value
        self._key = blake2b(str(value).encode(), digest_size=32, person=b"wexio-sandbox").digest()

    def stream(self, name: str) -> Stream:
        """The stream of the entity called *name*, from its beginning."""
        return Stream(blake2b(name.encode(), key=self._key, digest_size=32).digest())
