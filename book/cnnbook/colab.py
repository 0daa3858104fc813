"""Make the chapters run on Colab, whose machines bring most packages in versions of their own."""

import os
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from . import ConfigurationError

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements.txt"
# Whatever pip's own settings say, the packages go where this kernel finds them.
HERE = dict(PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0", PIP_TARGET="", PIP_PREFIX="")


def install_missing(requirements=REQUIREMENTS):
    """Install the packages of `requirements` that are not there, and change nothing that is.

    A package that is there in a version that the book does not ask for stays, and is named. Raises
    ConfigurationError, with what pip says, if a missing package cannot be had without changing
    what is there.
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
        words = "-m pip install -q --disable-pip-version-check --constraint".split()
        command = [sys.executable, *words, str(constraints), *map(str, missing)]
        environment = os.environ | HERE
        process = subprocess.run(
            command, env=environment, capture_output=True, text=True
        )
    if process.returncode:
        raise ConfigurationError(f"pip could not install packages.\n{process.stderr}")


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
