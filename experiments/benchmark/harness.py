"""Processes that take turns, their peak memory, the machine, and the spread of repeated measurements."""

import contextlib
import datetime
import io
import multiprocessing
import os
import platform
import re
import resource
import sys
import traceback
from collections import deque
from importlib.metadata import version
from pathlib import Path

import numpy as np
import psutil

# A fresh interpreter for each process: nothing is shared, and the memory is its own.
_SPAWN = multiprocessing.get_context("spawn")
_connection = None


def say(text):
    print(text, file=sys.stderr, flush=True)


def pause():
    """End this process's turn and wait for the next one; nothing happens outside `interleave`."""
    if _connection:
        _connection.send(("paused", None))
        _connection.recv()


def peak_megabytes():
    """The largest resident set that this process ever had."""
    with contextlib.suppress(
        OSError
    ):  # Linux's ru_maxrss would start from what the parent process held
        return (
            int(
                re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[
                    1
                ]
            )
            / 2**10
        )
    return (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    )  # macOS counts in bytes


def _serve(connection, function, arguments):
    global _connection
    _connection = connection
    try:
        with contextlib.redirect_stdout(
            io.StringIO()
        ):  # what the chapters' cells print
            result = function(*arguments)
        connection.send(("done", {**result, "peak_mb": round(peak_megabytes())}))
    except Exception:
        connection.send(("failed", traceback.format_exc()))


class _Run:
    """One call `function(*arguments)`, which returns a dict, in a process of its own."""

    def __init__(self, function, *arguments):
        self.name = f"{function.__name__}{arguments}"
        self.result = None
        self._connection, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(
            target=_serve, args=(theirs, function, arguments), daemon=True
        )
        self._process.start()
        theirs.close()
        self._started = False

    def take_turn(self):
        """Let the process run until it pauses or ends; return whether it has ended."""
        if self._started:
            self._connection.send("go on")
        self._started = True
        try:
            kind, value = self._connection.recv()
        except EOFError:
            self._process.join()
            raise RuntimeError(
                f"{self.name} ended with exit code {self._process.exitcode}."
            ) from None
        if kind == "failed":
            raise RuntimeError(f"{self.name} failed:\n{value}")
        self.result = value
        return kind == "done"

    def stop(self):
        self._process.terminate()
        self._process.join()


def interleave(*lanes):
    """Run the lanes turn by turn and return the results of each lane, in order.

    A lane is a list of calls (function, argument, ...), each made in a process of its own when its
    lane's turn comes. A turn ends where the function calls `pause`, or with it. Only one process
    runs at a time; when a lane is empty the others go on.
    """
    waiting = [deque(lane) for lane in lanes]
    running = [None] * len(lanes)
    results = [[] for _ in lanes]
    try:
        while any(waiting) or any(running):
            for i in range(len(lanes)):
                if running[i] is None and waiting[i]:
                    running[i] = _Run(*waiting[i].popleft())
                if running[i] and running[i].take_turn():
                    results[i].append(running[i].result)
                    running[i].stop()
                    running[i] = None
    finally:
        for run in filter(None, running):
            run.stop()
    return results


def alone(function, *arguments):
    """Return the result of one call, made in a process of its own."""
    return interleave([(function, *arguments)])[0][0]


def seeds(count):
    """The seeds of `count` runs: the book's own, and those after it."""
    return range(42, 42 + count)


def rounded(value):
    """Four significant digits: more would be noise."""
    return float(f"{value:.4g}")


def spread(values):
    """Median and spread: the lowest and highest of a few values, the quartiles of many."""
    many = len(values) >= 20
    low, high = np.quantile(values, [0.25, 0.75] if many else [0, 1])
    return {
        "median": rounded(np.median(values)),
        "low": rounded(low),
        "high": rounded(high),
        "spread": "quartiles" if many else "range",
        "count": len(values),
    }


def ratio(source, ours):
    """How many times as much the source's median is."""
    return rounded(source["median"] / ours["median"])


def machine():
    """Where and with what a part was measured."""
    return {
        "date": datetime.date.today().isoformat(),
        "cores": os.cpu_count(),
        "cpu": _cpu(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "load_before": rounded(os.getloadavg()[0]),
        "python": platform.python_version(),
        **{package: version(package) for package in ("tensorflow", "keras", "numpy")},
    }


def _cpu():
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
