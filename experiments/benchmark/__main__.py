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

from . import measure, page
from .turns import in_turns, rounded, say

RESULTS = Path(__file__).with_name("results.json")
SETTINGS = {"repeats": 5, "seeds": 3, "review_seeds": 5}


def machine():
    """Where and with what a part was measured."""
    about = Path("/proc/cpuinfo")
    told = about.read_text() if about.exists() else ""
    names = re.findall(r"model name\s*: (.+)", told) or [platform.processor()]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": datetime.date.today().isoformat(),
        "cores": os.cpu_count(),
        "cpu": names[0],
        "memory_gb": round(memory / 2**30),
        "load_before": rounded(os.getloadavg()[0]),
        "python": platform.python_version(),
        **{package: version(package) for package in ("tensorflow", "keras", "numpy")},
    }


def main():
    parser = argparse.ArgumentParser(prog="benchmark", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="see if it runs")
    parser.add_argument("--page", action="store_true", help="make the page anew")
    parser.add_argument(
        "--only", nargs="+", choices=measure.PARTS, default=measure.PARTS
    )
    chosen = parser.parse_args()

    os.environ.update(CNNBOOK_OFFLINE="1", MPLBACKEND="agg")  # the processes inherit it
    os.environ["CNNBOOK_PROFILE"] = "quick" if chosen.smoke else "full"
    file, made, settings = RESULTS, page.PAGE, SETTINGS
    if chosen.smoke:
        os.environ.pop("CNNBOOK_DATA", None)
        folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
        file, made = folder / file.name, folder / made.name
        settings = dict.fromkeys(settings, 1)
    elif not chosen.page and not in_turns({"": [(measure.is_book_data,)]})[""][0]["so"]:
        parser.error("set CNNBOOK_DATA to the book's own data: this is other data.")
    results = json.loads(file.read_text("utf-8")) if file.exists() else {}
    for name in [] if chosen.page else chosen.only:
        say(f"== {name} ==")
        about = {"measured": machine(), "settings": settings}
        part = getattr(measure, name)
        results[name] = about | part(smoke=chosen.smoke, **settings)
        # After each part, so that a later failure loses nothing.
        file.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    made.write_text(page.rendered(results), "utf-8")
    say(f"written: {made}")


if __name__ == "__main__":
    main()
