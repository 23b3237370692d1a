"""Does something block the event loop? A probe that yields with sleep(0) and measures how long its turn takes.

As a pytest fixture: `from sidetok.testing import loop_probe`, then `report = await loop_probe(coroutine)`.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, Awaitable, Callable, Optional

import pytest

BLOCKED_SECONDS = 0.1
CHECKS = 50
PERIOD_SECONDS = 5.0


@dataclass
class Report:
    """The gaps between two turns of the probe, in seconds."""

    gaps: "list[float]" = field(default_factory=list)
    checks: int = 0
    result: Any = None

    @property
    def worst(self) -> float:
        return max(self.gaps, default=0.0)

    def check(self, limit: float = BLOCKED_SECONDS) -> None:
        """Fails where one gap was longer than the limit."""
        assert self.worst <= limit, f"the event loop was blocked for {self.worst * 1000:.0f} ms (limit {limit * 1000:.0f})"


async def _watch(report: Report, is_over: Callable[[], bool], checks: int, period: float) -> None:
    """One check is `period / checks` of turns; it keeps its worst. Ends early when what is watched has ended."""
    while report.checks < checks and not (report.checks and is_over()):
        worst, end = 0.0, time.perf_counter() + period / checks
        while time.perf_counter() < end and not (worst and is_over()):
            before = time.perf_counter()
            await asyncio.sleep(0)
            worst = max(worst, time.perf_counter() - before)
        report.gaps.append(worst)
        report.checks += 1


async def probe(work: Optional[Awaitable[Any]] = None, checks: int = CHECKS, period: float = PERIOD_SECONDS) -> Report:
    """Watches the loop while `work` runs; without work for the whole period. Its result is in `report.result`."""
    report = Report()
    if work is None:
        await _watch(report, lambda: False, checks, period)
        return report
    task = asyncio.ensure_future(work)
    await _watch(report, task.done, checks, period)
    report.result = await task
    return report


@pytest.fixture
def loop_probe() -> "Callable[..., Awaitable[Report]]":
    """Runs `work` beside the probe and fails the test where the loop was blocked for over 100 ms."""

    async def run(work: Optional[Awaitable[Any]] = None, limit: float = BLOCKED_SECONDS, **options: Any) -> Report:
        report = await probe(work, **options)
        report.check(limit)
        return report

    return run
