"""Execute notebooks from top to bottom and store their outputs: `make execute`.

Each runs in one fresh kernel, in its own folder. It is written back only if every cell
succeeds and no figure is lost, without what changes from run to run, so that a second run
with the same results leaves no difference. Prints seconds and peak memory of each notebook.
"""

import argparse
import base64
import io
import os
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from PIL import Image, ImageChops, ImageStat

CELL_TIMEOUT = 4 * 60 * 60
INVISIBLE = 0.3  # a mean difference of colours, of 255
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
METADATA = {"kernelspec": KERNEL, "language_info": {"name": "python"}}


def _tidy(notebook):
    """Drop needless metadata, and make pictures lighter."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "data" in output:
                # What stays is the size at which a picture of double density is shown.
                shown = [kind for kind in output.metadata if kind.startswith("image/")]
                output.metadata = {kind: output.metadata[kind] for kind in shown}
                if "image/png" in output.data:
                    png = _lighter(base64.b64decode(output.data["image/png"]))
                    output.data["image/png"] = base64.b64encode(png).decode()


def _lighter(png):
    """Return a PNG with 256 colours where nobody sees it: charts, not photographs."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    palette = picture.quantize(256, dither=Image.Dither.NONE)
    difference = ImageStat.Stat(ImageChops.difference(picture, palette.convert("RGB")))
    if max(difference.mean) < INVISIBLE:
        picture = palette
    stored = io.BytesIO()
    picture.save(stored, "PNG", optimize=True)
    return stored.getvalue()


def execute(path, destination):
    """Run the notebook `path`, store it at `destination`; return seconds and peak megabytes.

    Raises SystemExit if a cell fails, lasts CELL_TIMEOUT seconds, kills the kernel, or
    shows no picture where its metadata describe a figure.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=CELL_TIMEOUT, kernel_name="python3")
    client.resources = {"metadata": {"path": str(path.parent)}}
    client.record_timing = False
    client.coalesce_streams = True  # where the kernel cuts them is chance
    sizes = [0]

    def measure(**_):
        kernel = psutil.Process(client.km.provisioner.pid)
        sizes.append(kernel.memory_info().rss / 2**20)

    client.on_cell_executed = measure
    start = time.perf_counter()
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise SystemExit(f"{path}: not stored, a cell failed.\n{error}") from error
    seconds = time.perf_counter() - start
    for cell in notebook.cells:
        shown = [output.get("data", {}) for output in cell.get("outputs", [])]
        if "figure" in cell.metadata.get("mystnb", {}):
            if not any("image/png" in data for data in shown):
                raise SystemExit(f"{path}: not stored, no picture came of {cell.id}.")
    _tidy(notebook)
    temporary = destination.with_suffix(".tmp")
    temporary.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    os.replace(temporary, destination)
    return seconds, max(sizes)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    for path in parser.parse_args().notebooks:
        seconds, megabytes = execute(path.resolve(), path.resolve())
        print(f"{path.name}: {seconds:.0f} s, peak {megabytes:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
