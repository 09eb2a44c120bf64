"""The task that owns what runs in the background."""

import asyncio

import pytest

from sandbox.clock import breathe
from sandbox.core.errors import UsageError
from sandbox.owner import Owner


async def owning():
    owner = Owner()
    await owner.open()
    return owner


async def broken():
    raise ZeroDivisionError


async def test_what_runs_is_ended_before_closing_returns():
    owner, ends = await owning(), []

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            await breathe()
            ends.append("ended")

    owner.spawn(work())
    await breathe()
    assert await owner.close() is None
    assert ends == ["ended"]


async def test_a_bug_comes_out_where_somebody_waits_and_when_it_is_closed():
    owner = await owning()
    owner.spawn(broken())
    with pytest.raises(ExceptionGroup) as caught:
        await owner.unless_broken(asyncio.Event().wait())
    assert caught.group_contains(ZeroDivisionError)
    assert isinstance(await owner.close(), ExceptionGroup)


async def test_what_comes_after_the_end_is_not_begun():
    owner, begun = await owning(), []

    async def late():
        begun.append("late")

    await owner.close()
    assert owner.spawn(late()) is None
    await breathe()
    assert begun == []


async def test_who_waits_while_it_is_closed_is_told():
    owner = await owning()
    waiting = asyncio.create_task(owner.unless_broken(asyncio.Event().wait()))
    await breathe()
    await owner.close()
    with pytest.raises(UsageError, match="left meanwhile"):
        await waiting


async def test_a_cancelled_wait_ends_its_work():
    owner = await owning()
    work = asyncio.create_task(asyncio.Event().wait())
    waiting = asyncio.create_task(owner.unless_broken(work))
    await breathe()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert work.cancelled()
    await owner.close()
