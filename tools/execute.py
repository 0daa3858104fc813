"""Execute notebooks from top to bottom and store their outputs: `make execute`.

Each notebook runs in one fresh kernel, with `book/` as its working folder. It is
written back only if every cell succeeds, without volatile metadata, so that a
second run with the same results leaves no difference. Prints seconds and peak
memory of each notebook.
"""

import argparse
import base64
import io
import os
import sys
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from PIL import Image, ImageChops, ImageStat

CELL_TIMEOUT = 4 * 60 * 60
FAILURES = (CellExecutionError, CellTimeoutError, DeadKernelError)
INVISIBLE = 0.3  # a mean difference of colours, of 255


class _PeakMemory:
    """Largest resident set of a process, sampled after each cell."""

    def __init__(self):
        self.megabytes = 0

    def sample(self, pid):
        try:
            self.megabytes = max(
                self.megabytes, psutil.Process(pid).memory_info().rss / 2**20
            )
        except psutil.NoSuchProcess:
            pass


def _tidy(notebook):
    """Drop what changes from run to run although the results are the same."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
            cell.outputs = _merge_streams(cell.outputs)
            for output in cell.outputs:
                if output.output_type in ("display_data", "execute_result"):
                    # What stays is the size at which a picture of double density is shown.
                    shown = {
                        kind: told
                        for kind, told in output.metadata.items()
                        if kind.startswith("image/")
                    }
                    output.metadata = nbformat.from_dict(shown)
                    if "image/png" in output.data:
                        png = _lighter(base64.b64decode(output.data["image/png"]))
                        output.data["image/png"] = base64.b64encode(png).decode()


def _lighter(png):
    """Store a picture with a palette of 256 colours where that cannot be seen: charts, not photographs."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    palette = picture.quantize(256, dither=Image.Dither.NONE)
    difference = ImageStat.Stat(ImageChops.difference(picture, palette.convert("RGB")))
    stored = io.BytesIO()
    (palette if max(difference.mean) < INVISIBLE else picture).save(
        stored, "PNG", optimize=True
    )
    return stored.getvalue()


def _merge_streams(outputs):
    """Join neighbouring pieces of one stream: where the kernel cuts them is chance."""
    merged = []
    for output in outputs:
        previous = merged[-1] if merged else None
        if (
            previous
            and output.output_type == "stream"
            and previous.get("name") == output.name
        ):
            previous.text += output.text
        else:
            merged.append(output)
    return merged


def execute(path, destination):
    """Run the notebook at `path` and store it at `destination`; return seconds and peak megabytes.

    Raises CellExecutionError if a cell fails, CellTimeoutError after CELL_TIMEOUT seconds in one, and DeadKernelError.
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
    text = nbformat.writes(notebook) + "\n"
    temporary = destination.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, destination)
    return seconds, peak.megabytes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    for path in parser.parse_args().notebooks:
        try:
            seconds, megabytes = execute(path.resolve(), path.resolve())
        except FAILURES as error:
            sys.exit(f"{path}: not stored, a cell failed.\n{error}")
        print(f"{path.name}: {seconds:.0f} s, peak {megabytes:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
