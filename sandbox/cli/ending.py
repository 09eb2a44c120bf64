"""Being interrupted: at once, once, and with a word about what was left.

The first signal cancels what runs; a second one ends the process on the spot.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, NoReturn, TypeVar

T = TypeVar("T")

_SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)


class Interrupted(Exception):
    """A signal ended the work.

    ``exit_code`` is as a shell counts: 130 for Ctrl-C, 143 for a request to terminate;
    but to be told to terminate is how a *server* ends, and 0.
    """

    def __init__(self, number: int, *, server: bool) -> None:
        super().__init__(number)
        self.server = server
        self.exit_code = 0 if server and number == signal.SIGTERM else 128 + number


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Uvloop's loop where it is installed, else what Python has."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Let Python look for garbage less often than it would by itself.

    A journal grows by thousands of small objects a second, none of which is garbage: to
    look through them every few hundred costs a tenth of all the work.
    """
    before = gc.get_threshold()
    gc.freeze()  # what has been imported stays
    gc.set_threshold(20_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def run_until_interrupted(
    work: Coroutine[Any, Any, T], on_interrupt: Callable[[], None], *, server: bool = False
) -> T:
    """The result of *work*; raises `Interrupted` when a signal ended it.

    *on_interrupt* is called inside the loop, before anything is cancelled.  *server*
    says that *work* is one, which has no other end.
    """
    caught: list[int] = []

    async def main() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def stop() -> None:
            on_interrupt()
            task.cancel()

        def interrupt(number: int, _: FrameType | None) -> None:
            if caught:
                os._exit(128 + number)
            caught.append(number)
            loop.call_soon_threadsafe(stop)

        with _handled_by(interrupt):
            return await work

    with collecting_seldom(), asyncio.Runner(loop_factory=loop_factory()) as runner:
        try:
            return runner.run(main())
        except asyncio.CancelledError:
            if not caught:
                raise
            return _leave(Interrupted(caught[0], server=server))


def _leave(interrupted: Interrupted) -> NoReturn:
    # A name that is being looked up holds a thread, for which closing the loop and
    # leaving Python would both wait.  And of what a server holds, Python would take
    # half a second to let go, piece by piece.
    if interrupted.server or threading.active_count() > 1:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                continue
        os._exit(interrupted.exit_code)
    raise interrupted


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # a thread gets no signals
        return
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
