"""Several processes train as one does, survive a kill, and leave nobody behind."""

import os
import re
import runpy
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest
import yaml

from cnnbook import data
from cnnbook.launch import BOOK, ProcessError, launch, reserved_port
from tools import chapters

CELLS = nbformat.read(chapters.path("growing"), as_version=4).cells
needs_jax = pytest.mark.skipif(
    not find_spec("jax"), reason="JAX is not here: book/requirements-growing.txt"
)


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Names of the chapter's cells, in a folder with the files that they write and a few shards."""
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("growing")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CNNBOOK_DATA", raising=False)
        patch.setenv("CNNBOOK_OFFLINE", "1")
        patch.setenv("CNNBOOK_PROFILE", "quick")  # a network that compiles fast
        patch.setenv("JAX_COMPILATION_CACHE_DIR", str(folder / "compiled"))
        patch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
        patch.chdir(folder)
        patch.syspath_prepend(folder)
        for cell in CELLS:
            told = re.match(r"%%writefile (-a )?(\S+)\n", cell.source)
            if told:
                with open(told[2], "a") as file:
                    file.write(cell.source[told.end() :] + "\n")
        names = dict(zip(("faces", "images"), data.load_faces()))
        names |= {"np": np, "tf": tf, "Path": Path, "time": time, "FULL": False}
        names = chapters.load("growing", ["shards", "write"], **names)
        names["write"]("faces", 256)
        yield names


def train(processes, folder, on_line=None):
    words = "faces", folder, 2, 32, 0.002
    return launch("train.py", processes, *words, on_line=on_line)


def apart(first, second, epoch):
    """Return the distance of two networks after an epoch of 8 steps, beside the length of one."""
    found = []
    for folder in first, second:
        with np.load(f"{folder}/{epoch:04}.npz") as stored:
            arrays = [part.ravel() for part in stored.values() if part.dtype == "f4"]
        found.append(np.concatenate(arrays).astype("float64"))
    return np.linalg.norm(found[0] - found[1]) / np.linalg.norm(found[0])


@pytest.fixture(scope="module")
def two(work):
    train(2, "two")
    return "two"


# --- data


def read(paths, epoch, size):
    import shards

    found = [
        (x.numpy(), y["age"].numpy()) for x, y in shards.batches(paths, epoch, size)
    ]
    return [np.stack(part) for part in zip(*found)]


def test_shares_of_the_shards_make_up_the_batches_of_one_process(work):
    paths = sorted(map(str, Path("faces").iterdir()))
    whole = read(paths, 1, 32)
    assert whole[0].shape == (8, 32, 128, 128, 3) and whole[1].shape == (8, 32, 101)
    for count in 2, 4:
        step = len(paths) // count
        starts = range(0, len(paths), step)
        parts = [read(paths[i : i + step], 1, 32 // count) for i in starts]
        for both, one in zip(zip(*parts), whole):
            assert (np.concatenate(both, axis=1) == one).all()


def test_each_epoch_has_an_order_of_its_own_and_holds_each_face_once(work):
    paths = sorted(map(str, Path("faces").iterdir()))
    first, again, other = (read(paths, epoch, 32) for epoch in (1, 1, 2))
    assert (first[0] == again[0]).all() and (first[1] == again[1]).all()
    assert (first[0] != other[0]).any(axis=(2, 3, 4)).mean() > 0.9

    def known(pictures):
        return sorted(picture.tobytes() for batch in pictures for picture in batch)

    assert known(first[0]) == known(other[0])
    rows = work["ORDER"][:256]
    ages = np.sort(work["faces"]["age"].to_numpy()[rows])
    assert (np.sort(first[1].argmax(axis=2).ravel()) == np.minimum(ages, 100)).all()
    light, written = first[0].mean(axis=(2, 3, 4)), work["images"][rows]
    assert np.allclose(np.sort(light.ravel()), np.sort(written.mean((1, 2, 3))), atol=1)


# --- processes


@needs_jax
def test_two_processes_with_half_the_batch_each_follow_one(work, two):
    lines = train(1, "one")
    assert lines[0] == "process 0 of 1 reads 8 shards"
    # Rounding, which grows; half the faces alone lead elsewhere.
    assert apart("one", two, 1) < 1e-2 and apart("one", two, 2) < 5e-2


@needs_jax
def test_a_killed_worker_costs_less_than_an_epoch(work, two):
    groups = []

    def kill(group, line):
        groups.append(group)
        if line == "epoch 2, half of it":
            group[1].send_signal(signal.SIGKILL)

    with pytest.raises(ProcessError, match="Process 1 ended with code -9"):
        train(2, "killed", kill)
    assert all(process.poll() is not None for process in groups[0])
    assert [path.name for path in Path("killed").iterdir()] == ["0001.npz"]
    lines = train(2, "killed")
    assert lines.count("begins with epoch 2") == 2
    assert apart("killed", two, 2) < 1e-6


def test_a_half_written_checkpoint_is_never_taken(work, tmp_path, monkeypatch):
    import keras

    names = runpy.run_path("checkpoints.py")
    state = [keras.Variable(value) for value in (np.ones(1_000), np.arange(3))]
    assert names["load_newest"](tmp_path, state) == 0
    names["save"](tmp_path, 1, state)
    whole = (tmp_path / "0001.npz").read_bytes()

    def die(file, *_):
        file.write(whole[:500])
        raise KeyboardInterrupt

    state[0].assign(np.zeros(1_000))
    monkeypatch.setattr(np, "savez", die)
    with pytest.raises(KeyboardInterrupt):
        names["save"](tmp_path, 2, state)
    assert names["load_newest"](tmp_path, state) == 1
    assert (state[0].numpy() == 1).all() and list(state[1].numpy()) == [0, 1, 2]


# --- the launcher


@pytest.fixture
def script(tmp_path):
    """Write a script that says its pid and does what it is told."""

    def write(source):
        path = tmp_path / "script.py"
        path.write_text(f"import os, time\nprint(os.getpid())\n{source}\n")
        return str(path)

    return write


def there(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def gone(pids, seconds=20):
    """Wait until none of these processes is there."""
    until = time.monotonic() + seconds
    while (left := any(map(there, pids))) and time.monotonic() < until:
        time.sleep(0.05)
    return not left


WAIT = "time.sleep(600)"


def test_a_port_is_kept_for_the_first_process_and_taken_from_nobody(script):
    with socket.socket() as other, reserved_port() as port, reserved_port() as second:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert len({port, second, other.getsockname()[1]}) == 3
        with socket.socket() as thief, pytest.raises(OSError):
            thief.bind(("127.0.0.1", port))
        with socket.socket() as invited:
            invited.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            invited.bind(("127.0.0.1", port))
            invited.listen()


def test_when_one_fails_the_others_end_and_its_last_words_are_told(script):
    pids = []
    fail = "if os.environ['JAX_PROCESS_ID'] == '1': time.sleep(1); 1 / 0\n"
    with pytest.raises(ProcessError, match="Process 1 .* 1(.|\n)*ZeroDivisionError"):
        launch(script(fail + WAIT), 3, on_line=lambda _, line: pids.append(int(line)))
    assert len(pids) == 3 and gone(pids)


def test_an_interrupt_ends_all(script):
    pids = []

    def interrupt(group, line):
        pids.append(int(line))
        if len(pids) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        launch(script(WAIT), 2, on_line=interrupt)
    assert gone(pids)


def test_processes_do_not_outlive_a_launcher_that_is_killed(script):
    told = f"from cnnbook.launch import launch; launch({script(WAIT)!r}, 2)"
    options = {"stdout": subprocess.PIPE, "text": True}
    options["env"] = os.environ | {"PYTHONPATH": str(BOOK)}
    launcher = subprocess.Popen([sys.executable, "-uc", told], **options)
    pids = [int(launcher.stdout.readline().split()[1]) for _ in "ab"]
    launcher.kill()
    launcher.communicate()
    assert gone(pids)


# --- the cluster


def block(language):
    """Return what the chapter shows in a fenced block of Markdown."""
    text = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.M | re.S)
    return found


def test_kubeflow_knows_each_field_of_the_manifest():
    kubeflow = pytest.importorskip("kubeflow_trainer_api.models")
    runtime, job = yaml.safe_load_all(block("yaml"))
    for manifest in runtime, job:
        # What it does not know, its description of the fields leaves out.
        kind = getattr(kubeflow, f"TrainerV1alpha1{manifest['kind']}")
        assert kind.from_dict(manifest).to_dict() == manifest
    assert job["spec"]["runtimeRef"]["name"] == runtime["metadata"]["name"]
    assert job["spec"]["runtimeRef"]["kind"] == runtime["kind"]


def test_the_container_holds_what_the_chapter_writes():
    text = "\n".join(cell.source for cell in CELLS)
    written = set(re.findall(r"^%%writefile (?:-a )?(\S+)", text, flags=re.M))
    copied = re.search(r"^COPY (.*) \./$", block("dockerfile"), flags=re.M)[1]
    assert set(copied.split()) == written
    _, job = yaml.safe_load_all(block("yaml"))
    assert job["spec"]["trainer"]["command"][1] in written
