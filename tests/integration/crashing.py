"""A process that journals until it is killed: ``python -m tests.integration.crashing FILE ROUND SEED``.

Whatever it prints was acknowledged: the line comes after the commit.
"""

import asyncio
import random
import sys
from datetime import timedelta

from sandbox.core.model import Status
from sandbox.store import SqliteJournal
from tests.integration.lives import BEARER, BROKEN, HMAC, Life


async def main(path, turn, seed):
    journal = await SqliteJournal.open(path)
    dice = random.Random(seed)
    open_lives = []
    number = 0
    print("open", flush=True)
    while True:
        lines = []
        for _ in range(dice.randrange(1, 20)):
            if not open_lives or dice.random() < 0.3:
                number += 1
                life = Life(
                    number, *dice.choice([(HMAC,), (HMAC, BEARER)]), run=f"run_{turn}", append=journal.append
                )
                life.emitted()
                journal.put_document("last", "event", {"id": life.event.id})
                open_lives.append([life, 0])
                lines.append(f"emitted {life.id} {len(life.targets)}")
                continue
            item = dice.choice(open_lives)
            life, stage = item
            if stage == 0:
                life.attempting()
                lines.append(f"attempting {life.id} {life.begun[0]}")
                item[1] = 1
            elif dice.random() < 0.4:
                life.attempted(BROKEN, again=timedelta(seconds=life.begun[0]))
                lines.append(f"attempted {life.id} {life.begun[0]} again")
                item[1] = 0
            else:
                life.attempted()
                life.settled(Status.SUCCESS)
                lines.append(f"settled {life.id} {life.begun[0]}")
                open_lives.remove(item)
        await journal.commit()
        print(*lines, f"seq {journal.seq}", sep="\n", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
