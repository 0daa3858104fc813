"""Make one PDF of the built site: `python -m tools.make_pdf`, after `make book`.

The pages' articles go into one document. Chromium prints it twice, the second time with
the page numbers that the first print gave.
"""

import base64
import html
import io
import json
import re
import shutil
import subprocess
import tomllib
from copy import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urldefrag, urljoin

import matplotlib
import yaml
from bs4 import BeautifulSoup
from PIL import Image
from playwright.sync_api import sync_playwright
from pypdf import PdfReader

from tools import chapters
from tools.make_pictures import find_browser

ROOT = chapters.BOOK.parent
SITE = ROOT / "_build" / "html"
LEFT_OUT, SHORTENED = "book/figures", "book/try-it"
NOT_FOR_PAPER = "script, link, .headerlink, .toctree-wrapper, .chapter-buttons"
# Elements that change nothing on paper, and would make a third of the file.
NEEDLESS = "a.image-reference, .highlight :is(.n, .p, .w, span:not([class]))"
# Solutions, folded texts and self-tests.
FOLDED = ".tag_solution, details:not(.hide, .right, .wrong), section:has(> .right)"
HEADINGS = ["h1", "h2", "h3"]
# matplotlib brings fonts along, so that the book looks the same on every machine.
FONTS = Path(matplotlib.get_data_path(), "fonts", "ttf").as_uri()
DOCUMENT = """<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="{site}/_static/pygments.css">
<link rel="stylesheet" href="{site}/_static/book.css"><style>{style}</style>
<section class="cover"><p class="title">{title}</p>{subtitle}{picture}
<p>{edition}<br><a href="{home}">{home}</a></p>
<p>Text and figures: CC BY 4.0. Code: MIT. Figures made from pictures of UTKFace:
non-commercial research and teaching only. The data belongs to others and is not part of
the book.</p>
<p>Code that the site folds away is left out; a small grey line stands in its place.
Answers and solutions are at the end of each chapter.</p></section>
<section class="contents"><h1>Contents</h1>{contents}</section>
{pages}"""


def make(text):
    """Return the element that the HTML `text` holds."""
    return BeautifulSoup(text, "html.parser").contents[0].extract()


def line(kind, text, place):
    """Return a paragraph that leads to a place; the number of its page comes later."""
    return f'<p class="{kind}"><a href="#{place}">{text} <span>000</span></a></p>'


def title(heading):
    return html.escape(heading.get_text().strip())


def picture(path):
    """Return the address of a picture; a photograph's is a JPEG, which Chromium stores as it is."""
    jpeg = io.BytesIO()
    with Image.open(path) as image:
        if image.mode != "RGB":  # a chart: see tools/execute.py
            return path.as_uri()
        image.save(jpeg, "JPEG", quality=90, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg.getvalue()).decode()}"


class Page:
    """A page of the site as it stands in the PDF, with ids of its own."""

    def __init__(self, site, file, files):
        path = site / f"{file}.html"
        soup = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        self.body = soup.select_one("article.bd-article > section")
        self.address = soup.select_one("link[rel=canonical]")["href"]
        self.home = self.address.removesuffix(f"{file}.html")
        self.key, self.files = file.replace("/", "-"), files
        shortened = ", h1 ~ :not(h1 + p)" * (file == SHORTENED)
        for tag in self.body.select(NOT_FOR_PAPER + shortened):
            tag.extract()
        for tag in self.body.select(NEEDLESS):
            tag.unwrap()
        for image in self.body.select("img"):
            image["src"] = picture((path.parent / image["src"]).resolve())
        for code in self.body.select("pre"):
            if code.get_text().count("\n") > 25:
                code["class"] = "long"  # and may be cut
        self.answers = make('<section class="answers" id="answers"></section>')
        for tag in self.body.select(FOLDED):
            self.unfold(tag)
        if self.answers.contents:
            self.answers.insert(0, make("<h2>Answers and solutions</h2>"))
            self.body.append(self.answers)
        for fold in self.answers.select("details"):
            fold["open"] = ""
        for link in self.body.select("a[href]"):
            link["href"] = self.lead(link["href"])
        for tag in [self.body, *self.body.select("[id]:not(svg *)")]:
            tag["id"] = f"{self.key}-{tag['id']}"
        self.body.h1["id"] = self.key
        web = f'<p class="web"><a href="{self.address}">{self.address}</a></p>'
        self.body.h1.insert_after(make(web))

    def lead(self, address):
        """Return where a link leads: to its place in the PDF, else to the web."""
        address = urljoin(self.address, address)
        whole, place = urldefrag(address)
        file = whole.removeprefix(self.home).removesuffix(".html")
        if file not in self.files or not whole.startswith(self.home):
            return address
        place = f"-{place}" * bool(place and file != SHORTENED)
        return f"#{file.replace('/', '-')}{place}"

    def unfold(self, tag):
        """Put an answer or a solution at the chapter's end; open what else is folded."""
        before = tag.find_previous_sibling()
        if tag.name == "section":  # a self-test: its questions stay, and come again
            twin = copy(tag)
            twin.name = "div"
            twin.attrs, _, _ = {}, twin.h2.extract(), twin.p.extract()
            self.move(tag.p, "Which is right, and why: page").append(twin)
        elif "tag_solution" in tag.get("class", []):
            self.move(tag, "A solution: page").append(tag)
        elif before.get_text().startswith("Guess first."):
            self.move(tag, "The answer: page").append(tag)
        elif "pointer" in before.get("class", []):  # it explains a solution
            self.answers.append(tag)
        else:
            tag["open"] = ""

    def move(self, tag, what):
        """Leave a line for an element; return the answers, with the heading of its section."""
        section = tag.find_parent("section")
        place = f"answer-{len(self.answers.select('h3'))}"
        tag.replace_with(make(line("pointer", what, place)))
        back = f'<a href="#{section["id"]}">{title(section.find(HEADINGS))}</a>'
        self.answers.append(make(f'<h3 id="{place}">{back}</h3>'))
        return self.answers


def edition():
    """Return the book's version, and the day and the name of its commit."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    command = ["git", "log", "-1", "--format=, %cs, commit %h"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    return f"Version {project['version']}{told.strip()}"


def assemble(site):
    """Return the whole book as one HTML document, with 000 for the number of a page."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    parts = [{"caption": "", "chapters": [{"file": toc["root"]}]}, *toc["parts"]]
    files = [entry["file"] for part in parts for entry in part["chapters"]]
    files.remove(LEFT_OUT)
    pages = {file: Page(site, file, files) for file in files}
    front = pages[toc["root"]]
    name, front.body.h1.string = title(front.body.h1), "Preface"
    style = Path(__file__).with_name("print.css").read_text("utf-8")
    style, rows = style.replace("FONTS", FONTS), []
    for part in parts:
        rows.append(f'<p class="part">{html.escape(part["caption"])}</p>')
        for page in [pages[e["file"]] for e in part["chapters"] if e["file"] in pages]:
            running = json.dumps(page.body.h1.get_text())
            style += f"#{page.body['id']} {{ page: {page.key} }}\n"
            style += f"@page {page.key} {{ @top-right {{ content: {running} }} }}\n"
            rows.append(line("h1", title(page.body.h1), page.key))
            for h2 in page.body.select("h2"):
                rows.append(line("h2", title(h2), h2.parent["id"]))
    return DOCUMENT.format(
        site=site.as_uri(),
        style=style,
        title=name,
        edition=edition(),
        home=front.home,
        subtitle=front.body.select_one("h1 + p + p").extract(),
        picture=front.body.figure.extract(),
        contents="\n".join(rows),
        pages="\n".join(str(page.body) for page in pages.values()),
    )


def number(document, pdf):
    """Return the document with the numbers of the pages in a print of it."""
    reader, pages = PdfReader(pdf), {}
    for name, place in reader.named_destinations.items():
        pages[name.removeprefix("/")] = reader.get_destination_page_number(place) + 1
    gap = re.compile('(<a href="#([^"]+)">[^\\n]+? <span>)000')
    return gap.sub(lambda found: f"{found[1]}{pages[found[2]]}", document)


def make_pdf(document, target):
    """Print a document that `assemble` returned, with the numbers of its pages."""
    if not (found := find_browser()):
        raise SystemExit("The PDF needs Chromium (Debian: apt-get install chromium).")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=found).new_page()
        source, pdf = Path(folder, "book.html"), Path(folder, "book.pdf")
        for last in (False, True):
            source.write_text(document, "utf-8")
            page.goto(source.as_uri())
            page.pdf(
                path=pdf,
                prefer_css_page_size=True,
                print_background=True,
                outline=last,
                tagged=last,
            )
            document = number(document, pdf)
        shutil.copyfile(pdf, target)


if __name__ == "__main__":
    if not (SITE / "index.html").is_file():
        raise SystemExit(f"{SITE} holds no built site: run `make book` first.")
    target = SITE / "faces-and-phrases.pdf"
    make_pdf(assemble(SITE), target)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
