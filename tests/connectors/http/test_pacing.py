import asyncio

from connectors.http.pacing import Pacer
from tests.connectors.workspace import FakeTime


def starts(pacer: Pacer, time: FakeTime, count: int) -> list[float]:
    async def all_turns() -> list[float]:
        instants = []
        for _ in range(count):
            await pacer.turn()
            instants.append(time.monotonic())
        return instants

    return asyncio.run(all_turns())


def test_without_a_rate_nobody_waits() -> None:
    time = FakeTime()
    starts(Pacer(per_minute=None, monotonic=time.monotonic, sleep=time.sleep), time, 1000)
    assert time.slept == []


def test_no_minute_holds_more_than_the_rate_and_few_hold_less() -> None:
    time = FakeTime()
    instants = starts(Pacer(per_minute=900, monotonic=time.monotonic, sleep=time.sleep), time, 4000)
    most = max(sum(1 for each in instants if start <= each < start + 60) for start in instants[::50])
    assert most <= 900
    assert 4000 / (instants[-1] - instants[0]) * 60 >= 0.97 * 900


def test_a_hold_stops_everybody_and_then_the_rate_goes_on() -> None:
    time = FakeTime()
    pacer = Pacer(per_minute=60, monotonic=time.monotonic, sleep=time.sleep)
    begin = time.monotonic()
    starts(pacer, time, 1)
    pacer.hold(90)
    assert starts(pacer, time, 1)[0] - begin >= 90
    assert pacer.held_seconds == 0


def test_a_pause_is_not_saved_up_for_a_burst() -> None:
    time = FakeTime()
    pacer = Pacer(per_minute=60, monotonic=time.monotonic, sleep=time.sleep)
    starts(pacer, time, 1)
    asyncio.run(time.sleep(3600))
    instants = starts(pacer, time, 60)
    assert instants[-1] - instants[0] > 45
