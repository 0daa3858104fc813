"""Everything on the site that names the repository: the header's buttons, a row of buttons, the downloads.

`_config.yml` holds the address. In a workflow, GitHub's own variables come first, so that a fork's site leads to
the fork. A notebook cannot know where it was opened from. So what a workflow publishes, pages and downloads,
is stamped with its repository and its commit, and the site's Colab buttons open the stamped notebooks.
"""

import html
import os
import re

from docutils import nodes
from sphinx.errors import ExtensionError

GITHUB = "https://github.com/"
COLAB = "https://colab.research.google.com/github/"
KAGGLE = "https://kaggle.com/kernels/welcome?src="
# The branch that holds the stamped notebooks; tools/publish_notebooks.sh pushes it.
STAMPED = "colab"
# Where a notebook's first cell says what it fetches, as it stands in the file.
ADDRESS = re.compile(r'((REPOSITORY|REVISION) = )\\"[^"]*\\"')


def setup(app):
    app.connect("config-inited", fill_in, priority=100)  # before others read it
    app.connect("source-read", stamp_pages)
    app.connect("doctree-resolved", add_buttons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def fill_in(app, config):
    """Take the repository and the branch from the workflow that runs, if one does; find the site's address."""
    options, workflow = config.html_theme_options, os.environ
    if repository := in_workflow():
        options["repository_url"] = f"{GITHUB}{repository}"
        # A pull request runs on a merge; the branch that it goes to is the one to show.
        branch = workflow.get("GITHUB_BASE_REF") or workflow.get("GITHUB_REF_NAME")
        options["repository_branch"] = branch or options["repository_branch"]
    config.html_baseurl = config.html_baseurl or site(options["repository_url"])


def site(repository):
    """Return where the pages of the repository at this address are published. Raises ExtensionError."""
    builder = os.environ
    if address := builder.get("NETLIFY") and builder["URL"]:
        return f"{address.rstrip('/')}/"
    if address := builder.get("CI_PAGES_URL"):  # GitLab
        return f"{address.rstrip('/')}/"
    parts = repository.removeprefix(GITHUB).strip("/").split("/")
    if not repository.startswith(GITHUB) or len(parts) != 2:
        raise ExtensionError(
            f"{repository} does not tell where the site will be: "
            "write its address into _config.yml, under html, as baseurl."
        )
    pages = f"{parts[0].lower()}.github.io"
    return f"https://{pages}/" + ("" if parts[1].lower() == pages else f"{parts[1]}/")


def add_buttons(app, doctree, name):
    """Put a row of buttons under the title of each notebook's page, and under the front page's subtitle."""
    front = name == app.config.root_doc
    if app.builder.format != "html" or not (front or is_notebook(app, name)):
        return
    to = app.builder.get_relative_uri
    if front:
        notebook = app.env.toctree_includes[name][0]
        links = {"Start": to(name, notebook), "Try it": to(name, "book/try-it")}
        links |= hosts(app.config.html_theme_options, notebook)
        for text in ("Open in Kaggle", "View source"):
            links.pop(text, None)
        # The workflow puts it beside the published pages; `make pdf` makes it.
        links["PDF"] = f"{app.config.html_baseurl}faces-and-phrases.pdf"
    else:
        links = hosts(app.config.html_theme_options, name)
        download = "../" * name.count("/") + f"_sources/{name}.ipynb"
        links["Download .ipynb"] = download
    label = "Begin" if front else "This notebook"
    row = f'<nav class="chapter-buttons" aria-label="{label}">'
    for text, address in links.items():
        kind = " download" * text.startswith("Download")
        row += f'<a href="{html.escape(address)}"{kind}>{text}</a>'
    section = next(doctree.findall(nodes.section))
    section.insert(1 + front, nodes.raw("", f"{row}</nav>", format="html"))


def hosts(options, notebook):
    """Return where a notebook can be opened, by the button's text. Only GitHub's are known to Colab and Kaggle."""
    url, branch = options["repository_url"], options["repository_branch"]
    if not url.startswith(GITHUB):
        return {}
    opened = f"{url}/blob/{STAMPED if in_workflow() else branch}/{notebook}.ipynb"
    return {
        "Open in Colab": COLAB + opened.removeprefix(GITHUB),
        "Open in Kaggle": KAGGLE + opened,
        "View source": f"{url}/blob/{branch}/{notebook}.ipynb",
    }


def stamp(app, text, name):
    """Return the text of a notebook with the repository, and the workflow's commit or the branch, in its first cell."""
    options = app.config.html_theme_options
    commit = in_workflow() and os.environ.get("GITHUB_SHA")
    names = {
        "REPOSITORY": options["repository_url"],
        "REVISION": commit or options["repository_branch"],
    }
    stamped, count = ADDRESS.subn(
        lambda found: f'{found[1]}\\"{names[found[2]]}\\"', text
    )
    if count != len(names):
        raise ExtensionError(f"{name} names {count} times what it fetches, not twice.")
    return stamped


def stamp_pages(app, name, source):
    if is_notebook(app, name):
        source[0] = stamp(app, source[0], name)


def in_workflow():
    """Return OWNER/NAME of the repository whose GitHub workflow runs; a Codespace is none."""
    running = os.environ.get("GITHUB_ACTIONS") == "true"
    return running and os.environ["GITHUB_REPOSITORY"]


def is_notebook(app, name):
    return str(app.env.doc2path(name)).endswith(".ipynb")
