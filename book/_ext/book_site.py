"""How pages look and are found: chapter numbers, formulae without a script, no other hosts, icons and shared links.

And how little a browser must fetch: what the theme and the extensions bring and no page uses is taken out.
"""

import re
from itertools import pairwise
from pathlib import Path

import tinycss2
from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.errors import ExtensionError

# Scripts and style sheets that extensions load on every page, by a part of their names, and the sign of a page that
# needs them. jupyter-book loads sphinx-thebe even when it is off, and that names a CDN.
NEEDED_BY = {
    "thebe": 'class="thebe-',
    "design": 'class="sd-',
    "toggle": 'class="toggle|class="[^"]*admonition[^"]*dropdown',
    "copybutton": 'class="highlight',
    "clipboard": 'class="highlight',
    "mystnb": 'class="cell',
}
# What the theme writes into every page in vain: its icons, of which book.css draws the few that show; the switches in
# its bar on top, which book.css hides, while its script listens to the first switch only; and tooltips that stay open
# over the next button on a phone, where a browser shows a title by itself.
IN_VAIN = r"""(?sx)
    <script[ ][^>]*/fontawesome\.js[^>]*></script>\s*
    | <button[ ]class="pst-navbar-icon[ ]sidebar-toggle[ ].*?</button>\s*
    | [ ]data-bs-toggle="tooltip"
"""
# The search runs on a page of its own.
SEARCH = r"""<script[ ][^>]*["/](searchtools|language_data|searchindex)\.js[^>]*></script>\s*"""
OF_ICONS = re.compile(
    r"--fa-|Font Awesome|content:var\(--pst-icon|keyframes fa-|^\.fa(-|[bs]?\b)"
)


def setup(app):
    app.add_js_file("progress.js", loading_method="defer")
    app.add_html_math_renderer("mathml", (_formula, None), (_formula, None))
    app.connect("config-inited", _address)
    app.connect("builder-inited", _for_a_browser)
    app.connect("doctree-read", _number, priority=400)  # before Sphinx collects titles
    app.connect("html-page-context", _repair, priority=900)  # when the rest is done
    app.connect("build-finished", _lighten, priority=400)  # before files need an owner
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
    body = context.get("body", "")
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context[kind] if _is_needed(file, body)]


def _is_needed(file, body):
    told = f"{file.filename} {file.attributes.get('body', '')}".lower()
    return all(
        re.search(sign, body) for name, sign in NEEDED_BY.items() if name in told
    )


def _lighten(app, error):
    """Take out of the site what no page loads, and out of the theme's style what no page shows."""
    if error or app.builder.format != "html":
        return
    site, static = Path(app.outdir), Path(app.outdir, "_static")
    pages = set(site.rglob("*.html")) - set(static.rglob("*.html"))
    for page in pages:
        needless = IN_VAIN if page.name == "search.html" else f"{IN_VAIN} | {SEARCH}"
        _rewrite(page, lambda text: re.sub(needless, "", text))
    for script in static.glob("scripts/*.js"):
        _rewrite(script, lambda text: re.sub("//# sourceMappingURL.*", "", text))
    classes = _words(pages | set(static.rglob("*.js")), r"[\w-]+")
    for style in static.glob("styles/*.css"):
        _rewrite(style, lambda text: _shown(tinycss2.parse_stylesheet(text), classes))
    # What a page names is loaded, and what that names, and so on.
    files = {path for path in static.rglob("*") if path.is_file()}
    new = pages
    while new:
        texts = {path for path in new if path.suffix in (".html", ".css", ".js")}
        names = _words(texts, r"[\w.-]+")
        new = {path for path in files if path.name in names}
        files -= new
    for path in files:
        path.unlink()


def _rewrite(path, change):
    path.write_text(change(path.read_text("utf-8")), "utf-8")


def _words(paths, pattern):
    texts = (path.read_text("utf-8") for path in paths)
    return {word for text in texts for word in re.findall(pattern, text)}


def _shown(rules, classes):
    """Return the text of the style rules that need none but these classes, and of licences."""
    kept = ""
    for rule in rules:
        text = rule.serialize()
        if rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = _shown(tinycss2.parse_rule_list(rule.content), classes)
            kept += f"{text[: text.index('{')]}{{{inner}}}" if inner else ""
            continue
        if rule.type == "qualified-rule":
            ends = [i for i, part in enumerate(rule.prelude) if part == ","]
            bounds = pairwise([-1, *ends, len(rule.prelude)])
            selectors = [rule.prelude[start + 1 : end] for start, end in bounds]
            shown = [one for one in selectors if classes.issuperset(_classes(one))]
            body = f"{{{tinycss2.serialize(rule.content)}}}"
            text = ",".join(map(tinycss2.serialize, shown)) + body if shown else ""
        if not (OF_ICONS.search(text) or re.match(r"/\*[^!]", text)):
            kept += text
    return kept


def _classes(selector):
    """Return the names of classes that stand in a selector, not counting those in brackets."""
    return [name.value for dot, name in pairwise(selector) if dot == "."]
