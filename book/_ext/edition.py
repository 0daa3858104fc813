"""The readers' edition of a notebook: the same cells in the plain Markdown that every notebook program shows.

The site's download, the branch that Colab and Kaggle open, and `make lab` use it. Roles and links to other
chapters become ordinary links to the published site, captions stand below their figures, and what the site
folds is folded by JupyterLab, VS Code and Colab as well. All else is the source's.
"""

import re
from pathlib import Path
from urllib.parse import urljoin

import nbformat
import repository
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.errors import ExtensionError

ROLE = re.compile(r"\{(term|cite|ref)\}`(?:([^`<]+?)\s*<([^`>]+)>|([^`]+))`")
LINK = re.compile(r"\]\(((?!\w+:|#)[^)#]+\.(?:ipynb|md))(#[^)]*)?\)")
EXPLORER = re.compile(r'<div class="explorer"[^>]*>\s*<p>(.*?)</p>\s*</div>', re.S)
# What only the site understands: a role, a directive, a comment, a target.
MARK = re.compile(r"\{[\w:-]+\}`|^\s*(?::::|```)+ *\{|^%|^\([\w-]+\)=$", re.M)
DOMAINS = {"term": ("std", "term"), "ref": ("std", "ref"), "cite": ("cite", "p")}


def setup(app):
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(app, exception):
    """Put the editions where the site's download buttons lead."""
    if exception or app.builder.format != "html":
        return
    for page in app.env.found_docs:
        if repository.is_notebook(app, page):
            text = Path(app.env.doc2path(page)).read_text("utf-8")
            notebook = nbformat.reads(repository.stamp(app, text, page), 4)
            target = Path(app.outdir, "_sources", f"{page}.ipynb")
            nbformat.write(edition(app, page, notebook), target)


def edition(app, page, notebook):
    """Return the notebook of `page` as its readers get it. Raises ExtensionError over an unknown mark."""
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        site = cell.metadata.pop("mystnb", {})
        if cell.cell_type == "markdown":
            cell.source = plain(app, page, cell.source)
            if mark := MARK.search(cell.source):
                message = f"{page}, cell {cell.id}: {mark[0]!r} has no plain form yet"
                raise ExtensionError(f"{message} (book/_ext/edition.py).")
        elif title := site.get("code_prompt_show"):
            cell.source = f"#@title {title}\n{cell.source}"
            hidden = {"source_hidden": True}
            if "hide-cell" in cell.metadata.tags:
                hidden["outputs_hidden"] = True
            cell.metadata.update(cellView="form", jupyter=hidden)
        if figure := site.get("figure"):
            numbers = app.env.toc_fignumbers[page]["figure"][figure["name"]]
            label = app.config.numfig_format["figure"] % ".".join(map(str, numbers))
            caption = f"**{label}** {plain(app, page, figure['caption'])}"
            cells.append(
                nbformat.v4.new_markdown_cell(caption, id=f"{cell.id}-caption")
            )
    notebook.cells = cells
    return notebook


def plain(app, page, text):
    """Return the Markdown of a cell with ordinary links to the published site."""
    here = urljoin(app.config.html_baseurl, app.builder.get_target_uri(page))

    def role(found):
        name, words, target, alone = found.groups()
        domain, kind = DOMAINS[name]
        target = " ".join((target or alone).split())
        shown = nodes.inline("", "", nodes.Text(words or target))
        wanted = pending_xref("", shown, refdoc=page, refexplicit=bool(words))
        resolve = app.env.get_domain(domain).resolve_xref
        node = resolve(app.env, page, app.builder, kind, target, wanted, shown)
        return _markdown(node, here)

    def link(found):
        target = urljoin(page, found[1]).rpartition(".")[0]
        uri = app.builder.get_target_uri(target)
        return f"]({urljoin(app.config.html_baseurl, uri)}{found[2] or ''})"

    text = LINK.sub(link, ROLE.sub(role, text))
    return EXPLORER.sub(rf"[\1]({here})", text)


def _markdown(node, here):
    """Return a resolved reference as Markdown, its addresses in full."""
    if isinstance(node, nodes.Text):
        return node.astext()
    inside = "".join(_markdown(child, here) for child in node.children)
    if isinstance(node, nodes.emphasis):
        return f"*{inside}*"
    if isinstance(node, nodes.reference):
        address = node.get("refuri") or f"#{node['refid']}"
        return f"[{inside}]({urljoin(here, address)})"
    return inside
