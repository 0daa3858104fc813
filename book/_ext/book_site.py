"""How pages look and are found: chapter numbers, formulae without a script, no other hosts, icons and shared links."""

import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.errors import ExtensionError


def setup(app):
    app.add_html_math_renderer("mathml", (_formula, None), (_formula, None))
    app.connect("config-inited", _address)
    app.connect("builder-inited", _for_a_browser)
    app.connect("doctree-read", _number, priority=400)  # before Sphinx collects titles
    app.connect("html-page-context", _repair, priority=900)  # when the rest is done
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _address(app, config):
    """Shared links name the site's address, which repository.py has found."""
    config.ogp_site_url = config.html_baseurl
    config.ogp_site_name = config.html_title


def _for_a_browser(app):
    if app.builder.format not in ("html", ""):  # "": builders that write no pages
        raise ExtensionError(
            "The book is laid out for a browser: `make book` builds the site, "
            "and `make pdf` makes one PDF of it."
        )


def _number(app, doctree):
    """Put a chapter's number before its title, so that "chapter 05" is easy to find."""
    if number := re.match(r"book/(\d\d)-", app.env.docname):
        next(doctree.findall(nodes.title)).insert(0, nodes.Text(f"{number[1]} "))


def _formula(writer, node):
    """Write MathML, which needs no script."""
    block = isinstance(node, nodes.math_block)
    formula = tex2mathml(node.astext(), as_block=block)
    if block:
        formula = f'<div class="formula" tabindex="0">{formula}</div>'
    writer.body.append(formula)
    raise nodes.SkipNode


def _repair(app, page, template, context, doctree):
    static = context["pathto"]("_static", resource=True)
    icon = f'<link rel="icon" sizes="48x48" href="{static}/favicon.png">'
    touch = f'<link rel="apple-touch-icon" href="{static}/touch-icon.png">'
    context["metatags"] = f"{context.get('metatags', '')}\n{icon}\n{touch}"
    # A list without items, which is what docutils makes, confuses screen readers.
    if "body" in context:
        wrong = '<div role="list" class="citation-list">'
        context["body"] = context["body"].replace(wrong, '<div class="citation-list">')
        if 'class="explorer"' in context["body"]:
            app.add_css_file("explore/explore.css")
            app.add_js_file("explore/explore.js", type="module")
    # jupyter-book loads sphinx-thebe even when it is off, and that names a CDN.
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context[kind] if not _is_thebe(file)]


def _is_thebe(file):
    return "thebe" in f"{file.filename} {file.attributes.get('body', '')}".lower()
