"""Execute notebooks from top to bottom and store their outputs: `make execute`.

Each notebook runs in one fresh kernel, with `book/` as its working folder. It is
written back only if every cell succeeds, without volatile metadata, so that a
second run with the same results leaves no difference. Prints seconds and peak
memory of each notebook.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

CELL_TIMEOUT = 4 * 60 * 60


class _PeakMemory:
    """Largest resident set of a process, sampled after each cell."""

    def __init__(self):
        self.megabytes = 0

    def sample(self, pid):
        try:
            self.megabytes = max(self.megabytes, psutil.Process(pid).memory_info().rss / 2**20)
        except psutil.NoSuchProcess:
            pass


def _tidy(notebook):
    """Drop what changes from run to run although the results are the same."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
            cell.outputs = _merge_streams(cell.outputs)
            for output in cell.outputs:
                if output.output_type in ("display_data", "execute_result"):
                    output.metadata = nbformat.from_dict({})


def _merge_streams(outputs):
    """Join neighbouring pieces of one stream: where the kernel cuts them is chance."""
    merged = []
    for output in outputs:
        previous = merged[-1] if merged else None
        if previous and output.output_type == "stream" and previous.get("name") == output.name:
            previous.text += output.text
        else:
            merged.append(output)
    return merged


def execute(path, destination):
    """Run the notebook at `path` and store it at `destination`; return seconds and peak megabytes.

    Raises CellExecutionError.
    """
    notebook = nbformat.read(path, as_version=4)
    peak = _PeakMemory()
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.on_cell_executed = lambda **_: peak.sample(client.km.provisioner.pid)
    start = time.perf_counter()
    client.execute()
    seconds = time.perf_counter() - start
    _tidy(notebook)
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    temporary = destination.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, destination)
    return seconds, peak.megabytes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--to", type=Path, help="store here (a folder) instead of in place")
    arguments = parser.parse_args()
    for path in arguments.notebooks:
        destination = arguments.to / path.name if arguments.to else path
        try:
            seconds, megabytes = execute(path.resolve(), destination.resolve())
        except CellExecutionError as error:
            sys.exit(f"{path}: not stored, a cell failed.\n{error}")
        print(f"{path.name}: {seconds:.0f} s, peak {megabytes:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
