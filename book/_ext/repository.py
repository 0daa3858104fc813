"""Everything on the site that names the repository: the header's buttons, a row of buttons, the downloads.

`_config.yml` holds the address. In a workflow, GitHub's own variables come first, so that a fork's site leads to
the fork. A notebook cannot know where it was opened from. So what a workflow publishes, pages and downloads,
is stamped with its repository and its commit, and the site's Colab buttons open the stamped notebooks.
"""

import html
import os
import re
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError

COLAB = "https://colab.research.google.com/github"
# The branch that holds the stamped notebooks; tools/publish_notebooks.sh pushes it.
STAMPED = "colab"
# Where a notebook's first cell says what it fetches, as it stands in the file.
ADDRESS = re.compile(r'((REPOSITORY|REVISION) = )\\"[^"]*\\"')


def setup(app):
    app.connect("config-inited", fill_in, priority=100)  # before others read it
    app.connect("source-read", stamp_pages)
    app.connect("doctree-resolved", add_buttons)
    app.connect("build-finished", stamp_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def fill_in(app, config):
    """Take the repository and the branch from the workflow that runs, if one does."""
    if repository := _in_workflow():
        options, workflow = config.html_theme_options, os.environ
        options["repository_url"] = f"https://github.com/{repository}"
        # A pull request runs on a merge; the branch that it goes to is the one to show.
        branch = workflow.get("GITHUB_BASE_REF") or workflow.get("GITHUB_REF_NAME")
        options["repository_branch"] = branch or options["repository_branch"]


def add_buttons(app, doctree, name):
    """Put a row of buttons under the title of each notebook's page, and under the front page's subtitle."""
    front = name == app.config.root_doc
    if app.builder.format != "html" or not (front or _is_notebook(app, name)):
        return
    options, to = app.config.html_theme_options, app.builder.get_relative_uri
    url = html.escape(options["repository_url"])
    branch = html.escape(options["repository_branch"])
    opened = STAMPED if _in_workflow() else branch
    colab = url.replace("https://github.com", COLAB)
    notebook = app.env.toctree_includes[name][0] if front else name
    links = {"Open in Colab": f'"{colab}/blob/{opened}/{notebook}.ipynb"'}
    if front:
        begin = {"Start": to(name, notebook), "Try it": to(name, "book/try-it")}
        links = {text: f'"{address}"' for text, address in begin.items()} | links
    else:
        source = f"_sources/{name}.ipynb"
        links["Download .ipynb"] = f'"{"../" * name.count("/")}{source}" download'
        links["View source"] = f'"{url}/blob/{branch}/{name}.ipynb"'
    label = "Begin" if front else "This notebook"
    row = f'<nav class="chapter-buttons" aria-label="{label}">'
    row += "".join(f"<a href={address}>{text}</a>" for text, address in links.items())
    section = next(doctree.findall(nodes.section))
    section.insert(1 + front, nodes.raw("", f"{row}</nav>", format="html"))


def stamp(app, text, name):
    """Return the text of a notebook with the repository and the commit of the workflow in its first cell."""
    options, commit = app.config.html_theme_options, os.environ.get("GITHUB_SHA")
    revision = commit or options["repository_branch"]
    names = {"REPOSITORY": options["repository_url"], "REVISION": revision}
    stamped, count = ADDRESS.subn(
        lambda found: f'{found[1]}\\"{names[found[2]]}\\"', text
    )
    if count != len(names):
        raise ExtensionError(f"{name} names {count} times what it fetches, not twice.")
    return stamped


def stamp_pages(app, name, source):
    if _in_workflow() and _is_notebook(app, name):
        source[0] = stamp(app, source[0], name)


def stamp_downloads(app, exception):
    if _in_workflow() and not exception:
        for path in Path(app.outdir, "_sources").rglob("*.ipynb"):
            path.write_text(stamp(app, path.read_text("utf-8"), path.name), "utf-8")


def _in_workflow():
    return os.environ.get("GITHUB_REPOSITORY")


def _is_notebook(app, name):
    return str(app.env.doc2path(name)).endswith(".ipynb")
