"""Measuring: the clock, medians, and the machine."""

import os
import platform
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path


def timed(work: Callable[[], object]) -> float:
    """How long it takes, in milliseconds."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def median(times: list[float]) -> float:
    """The median."""
    return statistics.median(times)


def spread(times: list[float]) -> str:
    """Median and ninetieth percentile of milliseconds, in words."""
    return f"{median(times):6.2f} ms  (9 in 10 within {statistics.quantiles(times, n=10)[8]:.2f})"


def show(name: str, figure: str) -> None:
    """Print one line of figures."""
    print(f"  {name:<60}{figure}", flush=True)


def head(title: str) -> None:
    """Print a heading."""
    print(f"\n{title}", flush=True)


def machine(folder: Path, filesystem: str) -> None:
    """Print what is measured on."""
    cpu = next((line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")), "unknown")
    head("This machine")
    show("CPU", f"{cpu}, {os.cpu_count()} cores")
    show("Python, SQLite", f"{platform.python_version()}, {sqlite3.sqlite_version}")
    show("Disk", f"{folder.parent}, {filesystem}")
    show("One flush of 12 KB to this disk", spread([_flush(folder / "flushed", n) for n in range(200)]))


def _cpuinfo() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def _flush(path: Path, n: int) -> float:
    file = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        os.pwrite(file, b"x" * 12_288, n * 12_288)
        return timed(lambda: os.fsync(file))
    finally:
        os.close(file)
