"""What is told of a run where it is no terminal."""

import asyncio
import re
from io import StringIO

from sandbox.cli.live import LINES, ProgressLines
from sandbox.cli.paint import PlainPainter
from sandbox.cli.send import one_step
from sandbox.core.config import Config
from sandbox.runner import play
from sandbox.settings import Settings


class HandSetLoop(asyncio.SelectorEventLoop):
    """A loop whose clock stands where it was put."""

    moment = 1000.0

    def time(self):
        return self.moment


async def journalled(count):
    """The entries of so many deliveries."""
    entries = []
    await play(
        one_step("chat.created", count=str(count)),
        Settings(speed="max", seed=1),
        Config(),
        begin=lambda stage: None,
        tell=lambda seq, entry: entries.append(entry),
    )
    return entries


def told(entries, *, seconds_between):
    """What is said of *entries*, each read so long after the one before."""
    loop, stream = HandSetLoop(), StringIO()

    async def tell():
        progress = ProgressLines(PlainPainter(stream))
        for entry in entries:
            loop.moment += seconds_between
            progress.tell(entry)
        progress.stop()

    try:
        loop.run_until_complete(tell())
    finally:
        loop.close()
    return stream.getvalue().splitlines()


def test_the_first_fifty_deliveries_are_told_singly_and_then_counts_now_and_then():
    extra = 10
    entries = asyncio.run(journalled(LINES + extra))
    at_once = told(entries, seconds_between=0)
    assert len(at_once) == 2 * LINES
    assert sum(": SUCCESS after 1 attempt" in line for line in at_once) == LINES

    slowly = told(entries, seconds_between=1.5)
    counts = [line for line in slowly if " SUCCESS" in line and ":" not in line]
    assert slowly[: len(slowly) - len(counts)] == at_once
    assert 2 <= len(counts) <= 2 * extra
    for line in counts:  # nobody is forgotten and nobody counted twice
        assert sum(map(int, re.findall(r"\d+", line))) == LINES + extra
