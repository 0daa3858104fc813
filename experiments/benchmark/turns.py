"""Calls in processes of their own, in turns: a slow spell of the machine hits all alike."""

import contextlib
import io
import multiprocessing
import resource
import sys

# A fresh interpreter for each call: nothing is shared, and the memory is its own.
_SPAWN = multiprocessing.get_context("spawn")
_connection = None


def say(text):
    print(text, file=sys.stderr, flush=True)


def rounded(value):
    """Four significant digits: more would be noise."""
    return float(f"{value:.4g}")


def pause():
    """End this process's turn and wait for the next; outside `in_turns` do nothing."""
    if _connection:
        _connection.send(None)
        _connection.recv()


def in_turns(methods):
    """Return {method: [result, ...]} for {method: [(function, argument, ...), ...]}.

    A function returns a dict, to which its peak memory is added. A turn ends where it
    calls `pause`, or with it. One process computes at a time; methods that have ended
    drop out. Raises RuntimeError if a call fails.
    """
    results = {method: [] for method in methods}
    lanes = [_lane(calls, results[method]) for method, calls in methods.items()]
    while lanes:
        lanes = [lane for lane in lanes if next(lane, "ended") != "ended"]
    return results


def _lane(calls, results):
    for call in calls:
        results.append((yield from _run(*call)))
        yield


def _run(function, *arguments):
    ours, theirs = _SPAWN.Pipe()
    work = (theirs, function, arguments)
    process = _SPAWN.Process(target=_work, args=work, daemon=True)
    process.start()
    theirs.close()
    try:
        while not (result := ours.recv()):
            yield
            ours.send("go on")
        return result
    except EOFError:
        name = function.__name__
        raise RuntimeError(f"{name}{arguments} failed; its error is above.") from None
    finally:
        process.terminate()
        process.join()


def _work(connection, function, arguments):
    global _connection
    _connection = connection
    with contextlib.redirect_stdout(io.StringIO()):  # what the chapters' cells print
        result = function(*arguments)
    # Linux counts in kB and macOS in bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    connection.send({**result, "peak_mb": round(peak)})
