"""Time the source designs against the book's; write results.json and the page from it."""

import argparse
import datetime
import json
import os
import platform
import re
import tempfile
from importlib.metadata import version
from pathlib import Path

from . import page

RESULTS = Path(__file__).with_name("results.json")


def machine():
    """Where and with what it was measured."""
    about = Path("/proc/cpuinfo")
    told = about.read_text() if about.exists() else ""
    names = re.findall(r"model name\s*: (.+)", told) or [platform.processor()]
    return {
        "date": datetime.date.today().isoformat(),
        "cores": os.cpu_count(),
        "processor": names[0],
        "load": round(os.getloadavg()[0], 1),
        "tensorflow": version("tensorflow"),
    }


def store(part, folder=None):
    """Put what was measured into results.json, and make the page from all that is there."""
    results = json.loads(RESULTS.read_text("utf-8")) | part
    file, made = RESULTS, page.PAGE
    if folder:
        file, made = folder / file.name, folder / made.name
    # Four significant digits: more would be noise.
    results = json.loads(
        json.dumps(results), parse_float=lambda it: float(f"{float(it):.4g}")
    )
    # Each list in one line, so that the file shows at a glance what was measured.
    text = re.sub(r"\n\s+(?=[\d\]])", " ", json.dumps(results, indent=1))
    file.write_text(text + "\n", "utf-8")
    made.write_text(page.rendered(results), "utf-8")
    print(f"written: {made}")


def main():
    parser = argparse.ArgumentParser(prog="benchmark", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="see if it runs")
    parser.add_argument("--page", action="store_true", help="make the page anew")
    chosen = parser.parse_args()
    if chosen.page:
        return store({})
    os.environ |= {"CNNBOOK_OFFLINE": "1", "MPLBACKEND": "agg"}
    os.environ["CNNBOOK_PROFILE"] = "quick" if chosen.smoke else "full"
    if chosen.smoke:
        os.environ.pop("CNNBOOK_DATA", None)
    about = {"machine": machine()}
    from . import measure  # brings TensorFlow, and reads the switches

    folder = Path(tempfile.mkdtemp(prefix="benchmark-")) if chosen.smoke else None
    store(about | measure.measured(), folder)


if __name__ == "__main__":
    main()
