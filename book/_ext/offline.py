"""Keep the site independent of other hosts: formulae become MathML while it is built, and Thebe is left out."""

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml


def _inline(writer, node):
    writer.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def _block(writer, node):
    writer.body.append(
        f'<div class="formula" tabindex="0">{tex2mathml(node.astext(), as_block=True)}</div>'
    )
    raise nodes.SkipNode


def _leave_out_thebe(app, pagename, templatename, context, doctree):
    # jupyter-book loads sphinx-thebe even when it is off, and that names a CDN on every page.
    def kept(file):
        return (
            "thebe" not in f"{file.filename} {file.attributes.get('body', '')}".lower()
        )

    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context[kind] if kept(file)]


def setup(app):
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("html-page-context", _leave_out_thebe, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
