"""What can be wrong with the journal's file, and how it is told: what, where, and what would be right."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.core.errors import CannotRun
from sandbox.core.model import TransportError
from sandbox.store import SqliteJournal
from sandbox.store.file import in_words
from tests.integration.lives import BROKEN, OK, Life

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sandbox.db"


async def refusal(path):
    with pytest.raises(CannotRun) as refused:
        await SqliteJournal.open(path)
    assert str(path) in str(refused.value)
    return str(refused.value)


def start(program):
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)


def run(program):
    with start(program) as process:
        return process.communicate()[0].decode()


# --- at the beginning ------------------------------------------------------------


async def test_a_file_of_a_newer_version_is_refused_and_left_alone(path):
    await (await SqliteJournal.open(path)).aclose()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 7")
    other.close()
    before = path.read_bytes()
    assert "its format is 7" in (said := await refusal(path))
    assert "use the newer version" in said
    assert path.read_bytes() == before


async def test_a_file_of_the_version_before_is_counted_once_and_goes_on(path):
    async with await SqliteJournal.open(path) as journal:
        for number, outcome in enumerate(
            (OK, BROKEN, OK, TransportError(type="dns", message="no such host"))
        ):
            Life(number, append=journal.append).whole(outcome=outcome)
        copied = Life(9, channel=None, append=journal.append)
        copied.emitted()
        copied.attempting()
        copied.attempted(copy=True)
        copied.attempted()
        before = journal.totals
    with sqlite3.connect(path) as other:
        other.executescript("DROP TABLE totals; PRAGMA user_version = 1")
    other.close()
    for _ in range(2):
        async with await SqliteJournal.open(path) as journal:
            assert journal.totals == before
            assert before.events == {"VIBER": 4, None: 1}
            assert before.attempts == {
                ("2xx", "VIBER"): 2,
                ("5xx", "VIBER"): 1,
                ("dns", "VIBER"): 1,
                ("2xx", None): 1,
            }


async def test_a_database_of_another_program_is_refused_and_left_alone(path):
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE customers (name)")
    other.close()
    before = path.read_bytes()
    assert "another program" in await refusal(path)
    assert path.read_bytes() == before


async def test_a_file_that_is_no_database_is_refused_and_left_alone(path):
    path.write_text("# my notes\n" * 100)
    assert "not a journal" in await refusal(path)
    assert path.read_text() == "# my notes\n" * 100


async def test_a_damaged_file_is_told(path):
    async with await SqliteJournal.open(path) as journal:
        for number in range(500):
            Life(number, append=journal.append).whole()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\x07" * (len(whole) - 4096))
    assert "damaged" in await refusal(path)


async def test_a_folder_is_no_file(tmp_path):
    assert "name a file" in await refusal(tmp_path)


async def test_a_path_that_leads_through_a_file_is_told(tmp_path):
    (tmp_path / "file").touch()
    assert "name a file in a folder" in await refusal(tmp_path / "file" / "sandbox.db")


async def test_an_empty_file_becomes_a_journal(path):
    path.touch()
    await (await SqliteJournal.open(path)).aclose()


async def test_a_second_sandbox_in_this_process_is_refused(path):
    async with await SqliteJournal.open(path):
        assert "in use by another sandbox" in await refusal(path)
    await (await SqliteJournal.open(path)).aclose()


async def test_the_lock_of_another_process_ends_with_it_however_it_ends(path):
    program = (
        "import asyncio, sys\n"
        "from sandbox.store import SqliteJournal\n"
        "async def main():\n"
        f"    journal = await SqliteJournal.open({str(path)!r})\n"
        "    print('open', flush=True)\n"
        "    await asyncio.get_running_loop().create_future()\n"
        "asyncio.run(main())\n"
    )
    with start(program) as other:
        assert other.stdout.readline() == b"open\n"
        assert "in use by another sandbox" in await refusal(path)
        other.kill()
        other.wait()
    await (await SqliteJournal.open(path)).aclose()


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are other there")
@pytest.mark.parametrize("what", ["the folder", "the file"])
async def test_what_cannot_be_written_is_told(tmp_path, what):
    folder = tmp_path / "kept"
    folder.mkdir()
    path = folder / "sandbox.db"
    if what == "the file":
        await (await SqliteJournal.open(path)).aclose()
        path.chmod(0o444)
        (folder / "sandbox.db-lock").chmod(0o666)
        folder.chmod(0o777)
    else:
        folder.chmod(0o555)
    try:
        if os.geteuid() != 0:
            assert "cannot be written" in await refusal(path)
            return
        # Root may write anywhere: somebody else has to try.
        program = (
            "import asyncio\n"
            "from sandbox.core.errors import CannotRun\n"
            "from sandbox.store import SqliteJournal\n"
            "import os; os.setuid(65534)\n"
            "try:\n"
            f"    asyncio.run(SqliteJournal.open({str(path)!r}))\n"
            "except CannotRun as error:\n"
            "    print(error)\n"
        )
        for parent in path.parents:
            if parent.is_relative_to("/tmp") and parent != Path("/tmp"):
                parent.chmod(parent.stat().st_mode | 0o055)
        assert "cannot be written" in run(program)
    finally:
        folder.chmod(0o755)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("SQLITE_BUSY_SNAPSHOT", "locked by another program: close that"),
        ("SQLITE_READONLY_DIRECTORY", "cannot be written"),
        ("SQLITE_IOERR_READ", "failed (disk I/O error): look at its disk"),
        ("SQLITE_CANTOPEN", "cannot be opened (disk I/O error): name a file in a folder"),
        ("SQLITE_CORRUPT", "is damaged (disk I/O error): restore a copy"),
    ],
)
def test_every_trouble_of_sqlite_s_is_told_with_what_would_be_right(tmp_path, name, says):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = name
    assert says in str(in_words(str(tmp_path / "sandbox.db"), error))
    if name.startswith("SQLITE_IOERR"):  # where there is no folder, there is no telling how full its disk is
        assert says in str(in_words(str(tmp_path / "none" / "sandbox.db"), error))


async def test_another_program_that_holds_its_lock_is_waited_for(path):
    async with await SqliteJournal.open(path) as journal:
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        Life(1, append=journal.append).emitted()
        commit = asyncio.create_task(journal.commit())
        assert (await journal.page()).items == []  # what is on disk can be read meanwhile
        assert not commit.done()
        other.execute("COMMIT")
        other.close()
        await commit
        assert journal.lag == 0


# --- while it runs ---------------------------------------------------------------


def fill_the_disk(journal):
    """From now on the file may not grow: what SQLite says is what it says on a full disk."""
    [pages] = journal._file.writer.execute("PRAGMA page_count").fetchone()
    journal._file.writer.execute(f"PRAGMA max_page_count = {pages + 40}")


async def acknowledged_until_it_fails(journal):
    acknowledged = []

    async def go_on():
        for number in range(100_000):
            life = Life(number, append=journal.append)
            life.whole()
            await journal.commit()
            acknowledged.append(life.id)

    with pytest.raises(CannotRun, match="is full: make room"):
        await go_on()
    return acknowledged


async def test_a_disk_that_fills_up_is_told_and_nothing_acknowledged_is_lost(path):
    journal = await SqliteJournal.open(path)
    Life(0, run="run_0", append=journal.append).whole()
    await journal.commit()
    fill_the_disk(journal)
    acknowledged = await acknowledged_until_it_fails(journal)
    assert isinstance(journal.trouble, CannotRun)
    with pytest.raises(CannotRun, match="is full"):
        Life(1, append=journal.append).emitted()
    with pytest.raises(CannotRun, match="is full"):
        await journal.commit()
    # It still answers, and shows what is on disk and nothing else.
    assert len((await journal.page(limit=100_000)).items) == len(acknowledged) + 1
    followed = [seq async for seq, _ in journal.follow()]
    assert followed == list(range(1, 4 * (len(acknowledged) + 1) + 1))
    with pytest.raises(CannotRun, match="is full"):
        await journal.aclose()

    async with await SqliteJournal.open(path) as journal:
        page = await journal.page(run_id="run_1", limit=100_000)
        assert [item.id for item in page.items] == acknowledged[::-1]
        Life(1, run="run_2", append=journal.append).whole()


async def test_everybody_who_waits_is_told_that_the_disk_is_full(path):
    journal = await SqliteJournal.open(path)
    fill_the_disk(journal)
    for number in range(1000):
        Life(number, append=journal.append).whole()
    first = [asyncio.create_task(journal.commit()) for _ in range(3)]
    await asyncio.wait(first, timeout=0)
    Life(2000, append=journal.append).emitted()
    second = [asyncio.create_task(journal.commit()) for _ in range(3)]
    results = await asyncio.gather(*first, *second, return_exceptions=True)
    assert [type(result) for result in results] == [CannotRun] * 6
    with pytest.raises(CannotRun):
        await journal.aclose()
    async with await SqliteJournal.open(path) as journal:
        assert journal.seq == 0


@pytest.fixture
def small_disk(tmp_path):
    """A disk of half a megabyte, where this user may make one."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(place)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


async def test_a_disk_that_is_really_full_is_told_in_the_same_words(small_disk):
    journal = await SqliteJournal.open(small_disk / "sandbox.db")
    assert await acknowledged_until_it_fails(journal)
    with pytest.raises(CannotRun, match="is full"):
        await journal.aclose()
    with pytest.raises(OSError, match="No space"):
        (small_disk / "rest").write_bytes(bytes(1_000_000))
    assert "is full" in await refusal(small_disk / "new.db")


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be deleted there")
@pytest.mark.parametrize("gone", ["sandbox.db", "sandbox.db-wal"])
async def test_a_file_that_is_deleted_while_in_use_is_told_before_anything_is_acknowledged(path, gone):
    journal = await SqliteJournal.open(path)
    Life(1, append=journal.append).whole()
    await journal.commit()
    (path.parent / gone).unlink()
    Life(2, append=journal.append).whole()
    with pytest.raises(CannotRun, match="deleted or replaced"):
        await journal.commit()
    with pytest.raises(CannotRun, match="deleted or replaced"):
        await journal.aclose()


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")
async def test_a_file_that_is_replaced_while_in_use_is_told(path):
    journal = await SqliteJournal.open(path)
    await (await SqliteJournal.open(path.with_name("other.db"))).aclose()
    path.with_name("other.db").replace(path)
    journal.put_document("run", "a", {})
    with pytest.raises(CannotRun, match="deleted or replaced"):
        await journal.commit()
    with pytest.raises(CannotRun):
        await journal.aclose()
