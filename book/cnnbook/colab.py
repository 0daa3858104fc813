"""Make the chapters run on Colab, whose machines bring most packages in versions of their own."""

import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements.txt"


def install_missing(requirements=REQUIREMENTS):
    """Install the packages of `requirements` that are not there, and change nothing that is.

    A package that is there in a version that the book does not ask for stays, and is named. Raises
    CalledProcessError if a missing package cannot be had without changing what is there.
    """
    there = _versions()
    lines = requirements.read_text("utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    missing = [one for one in wanted if canonicalize_name(one.name) not in there]
    for one in wanted:
        version = there.get(canonicalize_name(one.name))
        if version and not one.specifier.contains(version, prereleases=True):
            print(
                f"{one.name} {version} is left as it is, but the book asks for {one}."
            )
    if not missing:
        return
    with tempfile.TemporaryDirectory() as folder:
        # What is there, as constraints: pip then refuses whatever would change it.
        constraints = Path(folder) / "constraints.txt"
        constraints.write_text(
            "".join(f"{name}=={version}\n" for name, version in there.items()), "utf-8"
        )
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        subprocess.run(
            [*pip, "--constraint", str(constraints), *map(str, missing)], check=True
        )


def _versions():
    """Return {name: version} of what can be imported; of a package that is there twice, the one that is found first."""
    versions = {}
    for package in distributions():
        try:
            versions.setdefault(
                canonicalize_name(package.name), str(Version(package.version))
            )
        except (InvalidVersion, TypeError):
            continue  # tools of the machine's own, with versions that pip does not read
    return versions
