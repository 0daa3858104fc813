"""Start processes that train together on this machine, and leave none behind.

A cluster tells each process by its environment where the first one listens, how many there
are and which one it is. `launch` tells the same, over loopback. Each process runs this module,
which runs the script.
"""

import contextlib
import os
import queue
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path

from . import _PlainError

BOOK = Path(__file__).resolve().parents[1]
LOOPBACK = "127.0.0.1"
SHOWN = 12  # lines at most of what a failed process wrote to standard error


class ProcessError(_PlainError):
    """A process failed, and the others were ended."""


def launch(script, processes, *words, on_line=None):
    """Run a Python script with these words in several processes at once, until all have ended well.

    Prints each line that a process prints, gives it to `on_line(group, line)`, where `group` is
    the list of the processes, and returns all lines. Raises ProcessError as soon as one process
    fails. Then, and on an interrupt, the others are ended.
    """
    told, lines, group = [], queue.Queue(), []
    command = [sys.executable, "-m", "cnnbook.launch", script, *map(str, words)]
    with reserved_port() as port, contextlib.ExitStack() as stack:
        errors = [
            stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(processes)
        ]
        for rank in range(processes):
            process = subprocess.Popen(
                command,
                env=os.environ | environment(port, processes, rank),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors[rank],
                text=True,
            )
            stack.callback(_end, process)
            group.append(process)
            args = process, rank, lines
            threading.Thread(target=_read, args=args, daemon=True).start()
        left = processes
        while left:
            rank, line = lines.get()
            if line is not None:
                print(f"{rank}: {line}", flush=True)
                told.append(line)
                if on_line:
                    on_line(group, line)
            elif code := group[rank].wait():
                errors[rank].seek(0)
                why = errors[rank].readlines()[-SHOWN:]
                if code == -signal.SIGKILL:  # it had no time for a word about that
                    why = []
                raise ProcessError(
                    "".join([f"Process {rank} ended with code {code}.\n", *why])
                )
            else:
                left -= 1
    return told


def environment(port, processes, rank):
    """Return what process `rank` must be told: the names are those that Kubeflow's runtime for JAX sets too."""
    return {
        "JAX_COORDINATOR_ADDRESS": f"{LOOPBACK}:{port}",
        "JAX_COORDINATOR_BIND_ADDRESS": f"{LOOPBACK}:{port}",  # closed to other machines
        "JAX_NUM_PROCESSES": str(processes),
        "JAX_PROCESS_ID": str(rank),
        "JAX_PLATFORMS": "cpu",  # they would fight over one GPU
        "PYTHONPATH": f"{BOOK}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        "PYTHONUNBUFFERED": "1",
    }


@contextlib.contextmanager
def reserved_port():
    """Yield the number of a free port that no other program can take meanwhile.

    Only who asks for SO_REUSEPORT too may listen there, as JAX does.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind((LOOPBACK, 0))
        yield held.getsockname()[1]


def _read(process, rank, lines):
    with process.stdout:
        for line in process.stdout:
            if not line.startswith("[Gloo]"):  # JAX's courier on processors greets all
                lines.put((rank, line.rstrip("\n")))
    lines.put((rank, None))


def _end(process):
    # Not SIGTERM, which JAX catches to finish what it does, with others that are gone.
    process.kill()
    process.wait()
    process.stdin.close()


def _run():
    """In a process: run the script, and end at once if it fails or the launcher is gone."""
    threading.Thread(target=_follow, daemon=True).start()
    sys.argv = sys.argv[1:]
    sys.path.insert(0, str(Path(sys.argv[0]).resolve().parent))
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except Exception:
        traceback.print_exc()
        # JAX's own way out waits for the others, who wait for this one.
        os._exit(1)


def _follow():
    os.read(0, 1)  # until the launcher's end of the pipe closes
    os._exit(1)


if __name__ == "__main__":
    _run()
