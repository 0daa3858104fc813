"""The page Try it in a real browser: the same answers as Python gives, and a kind word when something is wrong."""

import gzip
import io
import json
import random
import re
import string
import unicodedata
import zipfile
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from nltk.stem import PorterStemmer
from PIL import Image
from test_browser import OVERFLOWING, PHONE, STILL, violations

from cnnbook import data, quietly
from cnnbook.text import clean, encode

with quietly():
    import keras

FILE = "book/try-it"
ROOT = Path(__file__).resolve().parents[2]
ASSETS, MODELS = ROOT / "book" / "_static" / "try-it", ROOT / "data" / "models"
VOCABULARY = json.loads((MODELS / "vocabulary.json").read_text("utf-8"))
HOSTILE = """
<script>window.broken = true</script> great car
<img src=x onerror='window.broken = true'> terrible engine
</textarea><b>bold</b> &lt;i&gt; &amp; seats <svg onload=alert(1)>
${1 + 1} {{7 * 7}} __proto__ constructor toString hasOwnProperty
""".strip().splitlines()
UNUSUAL = (
    "| \n\t |1999 42 !! the and of not zzyzx|GREAT Great don't e-mail 4x4|Größe 車 🚗 great"
    "|great\u00a0car\u2028bad\u200bengine ﬁne ligature Ⅷ İstanbul ſmooth Kelvin"
    "|Citroën's naïve Citroe\u0308n, CITROE\u0308N! l\u2019été STRAẞE J\u030cet e\u0337vil"
    "|ужасная машина ΟΔΟΣ 日本の車 कार great❤️bad 👩‍🚗car 1️⃣good I\u0307 donʼt ½ seats"
).split("|")
FETCHED = {"review": ["sentiment.onnx.gz", "words.json.gz"], "face": ["face.onnx.gz"]}
BUTTON = {"review": "#review-button", "face": "#face-ready button"}
DONE = {"review": "#review-result[data-probability]", "face": "#face-result[data-age]"}


@pytest.fixture(scope="module")
def opened(visit):
    """The page, opened once for all questions that do not change it; nothing on it may fail."""
    # An old browser knows only canvases that are elements.
    page, faults = visit(FILE, script="delete globalThis.OffscreenCanvas")
    yield page
    assert faults == []


@pytest.fixture(scope="module")
def strict(visit):
    """The page from a server that allows images of its own only, not those that a reader chooses."""
    page, _ = visit(FILE)
    policy = """<meta http-equiv="Content-Security-Policy" content="img-src 'self'">"""
    page.evaluate("(it) => document.head.insertAdjacentHTML('beforeend', it)", policy)
    return page


def judge(page, text):
    """Type a text, press the button, return the probability."""
    page.fill("#review-input", text)
    page.press(BUTTON["review"], "Enter")
    result = page.wait_for_selector(DONE["review"])
    return float(result.get_attribute("data-probability"))


def reasons(page):
    """Wait until the words are coloured, and return what the page says about them."""
    return page.inner_text("#review-words ul")


def stored(picture, kind="png", **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return {"name": "a", "mimeType": f"image/{kind}", "buffer": buffer.getvalue()}


def answer(page):
    """Return the age and the probability that the page tells about a picture."""
    result = page.wait_for_selector(DONE["face"])
    return [float(result.get_attribute(f"data-{key}")) for key in ("age", "gender")]


def ask(page, picture, *kind, **options):
    page.set_input_files("#face-input", stored(picture, *kind, **options))
    return answer(page)


def trouble(page, where):
    return page.inner_text(f"#{where}-result .try-trouble")


def pixels(page, canvas="face-canvas"):
    """Return the 128 x 128 pixels of a canvas, as RGB and opacity."""
    context = f"document.getElementById('{canvas}').getContext('2d')"
    values = page.evaluate(f"[...{context}.getImageData(0, 0, 128, 128).data]")
    return np.array(values).reshape(128, 128, 4)


def invented():
    """Return some invented faces, as the data set has them: 128 x 128 pixels."""
    with zipfile.ZipFile(data.SAMPLE / "train_test.zip") as archive:
        names = archive.namelist()[::50]
        return [Image.open(archive.open(name)).convert("RGB") for name in names]


# The same answers as Python


def plain(text):
    """Return a text as the reviews were published: spaces for punctuation."""
    kept = ""
    for sign in text:  # a mark belongs to what it stands on
        kind = unicodedata.category(sign)[0]
        kept += sign if kind in "LN" or (kind == "M" and kept[-1:].strip()) else " "
    return kept


def test_reviews_are_cut_as_in_python_and_get_the_answer_of_keras(opened, address):
    rng = random.Random(0)
    reviews = data._read_reviews(data.SAMPLE / "car_reviews.csv")[0].Review
    texts = UNUSUAL + HOSTILE + rng.sample(reviews.tolist(), 40)
    for length in [1, 2, 5, 20, 100, 800] * 5:
        words = " ".join(rng.choices(VOCABULARY, k=length))
        texts.append(words + rng.choice([".", "!", "", " 5"]))
    network = keras.models.load_model(MODELS / "sentiment.keras")
    rows = encode(list(map(plain, texts)), VOCABULARY)
    expected = network.predict(rows, verbose=0).ravel()
    found = np.array([judge(opened, text) for text in texts])
    assert np.ptp(found) > 0.8
    assert np.abs(found - expected).max() < 1e-4
    cut = opened.evaluate(
        "async ([module, texts]) => texts.map((await import(module)).read)",
        [f"{address}_static/try-it/reviews.js", texts],
    )
    for text, pieces in zip(texts, cut, strict=True):
        words = [piece["text"] for piece in pieces if piece["kind"] != "skipped"]
        assert [clean(word, stop_words=False) for word in words] == [
            [stem] for stem in clean(plain(text), stop_words=False)
        ]


def test_pictures_get_the_answer_of_keras(opened):
    noise = np.random.default_rng(0).integers(0, 256, (4, 128, 128, 3), dtype="uint8")
    noise = [Image.fromarray(one) for one in noise]
    blots = [picture.resize((6, 6)).resize((128, 128)) for picture in noise]
    plain = [Image.new("RGB", (128, 128), name) for name in ("black", "white", "brown")]
    faces = invented()
    kinds = [faces[0].convert("L"), faces[1].quantize(16)]
    pictures = [*faces, *noise, *blots, *plain, *kinds]
    network = keras.models.load_model(MODELS / "face.keras")
    inputs = np.stack([np.asarray(picture.convert("RGB")) for picture in pictures])
    expected = network.predict(inputs, verbose=0)
    ages, genders = np.array([ask(opened, picture) for picture in pictures]).T
    assert np.ptp(ages) > 20
    assert np.abs(ages - expected["age"].ravel()).max() < 0.5
    assert np.abs(genders - expected["gender"].ravel()).max() < 0.01


def test_the_stemmer_is_nltks(opened, address):
    """On the words of the reviews, NLTK's irregular ones, and random ones with real endings."""
    rng, stemmer = random.Random(0), PorterStemmer()
    words = {*" ".join(VOCABULARY).split(), *stemmer.pool}
    for review in data.load_reviews().Review:
        words |= set(re.findall("[a-z]+", review.lower()))
    endings = (
        "s sses ies ed ied eed ing ating bling izing y ly ational tional enci anci izer bli "
        "alli entli eli ousli ization ation ator alism iveness fulness ousness aliti iviti "
        "biliti fulli logi icate ative alize iciti ical ful ness al ance ence er ic able ible "
        "ant ement ment ent ion sion ou ism ate iti ous ive ize e ll"
    ).split()
    while len(words) < 50_000:
        start = rng.choices(string.ascii_lowercase + "aeiouylst", k=rng.randint(1, 7))
        words.add("".join(start + rng.choices(endings, k=rng.randint(0, 2))))
    words = sorted(words)
    found = opened.evaluate(
        "async ([module, words]) => words.map((await import(module)).stem)",
        [f"{address}_static/try-it/porter.js", words],
    )
    pairs = zip(words, found, strict=True)
    assert [(word, stem) for word, stem in pairs if stem != stemmer.stem(word)] == []


# A review


def test_words_are_coloured_by_leaving_each_out(opened):
    text = "The seats are great, the dealer was terrible: Citroën, Citroe\u0308n."
    whole = judge(opened, text)
    said = reasons(opened)
    assert opened.inner_text("#review-words .try-text") == text
    assert said.endswith("does not know: Citroën")
    unknown = opened.locator("#review-words .unknown").all_inner_texts()
    assert unknown == ["Citroën", "Citroe\u0308n"]
    assert "great" in opened.locator("#review-words mark.for").all_inner_texts()
    assert "terrible" in opened.locator("#review-words mark.against").all_inner_texts()
    for word in ("great", "terrible"):
        without = judge(opened, text.replace(word, ""))
        shown = float(re.search(rf"{word} (\d+\.\d)", said)[1])
        assert shown == pytest.approx(abs(whole - without) * 100, abs=0.06)


def test_the_page_says_what_it_does_not_read(opened):
    assert "car car" not in VOCABULARY
    judge(opened, "car " * 2_010)
    assert "first 2000 words and pairs that it knows; 10 more" in reasons(opened)
    assert opened.locator("#review-words .late").count() == 10
    for text in ("", "zzyzx"):
        assert judge(opened, text) == pytest.approx(0.5, abs=0.02)
        assert "no word here" in opened.inner_text("#review-result")


def test_nothing_typed_becomes_html(opened):
    made = ":is(#review-words, #review-result) :is(script, img, svg, b, i, textarea)"
    for text in HOSTILE:
        judge(opened, text)
        reasons(opened)
        assert opened.inner_text("#review-words .try-text") == text
        assert opened.locator(made).count() == 0
    assert opened.evaluate("window.broken") is None


# A face


def test_a_picture_is_cut_zoomed_reduced_and_laid_on_white(opened):
    face, wide = invented()[0], Image.new("RGB", (256, 128), "red")
    wide.paste(face, (64, 0))
    expected = ask(opened, face)
    assert ask(opened, wide) == expected
    assert (pixels(opened)[..., :3] == np.asarray(face)).all()
    around = Image.new("RGB", (256, 256), "blue")
    around.paste(face, (64, 64))
    assert ask(opened, around) != expected
    opened.fill("#face-zoom", "2")
    assert answer(opened) == expected
    ask(opened, Image.new("RGBA", (128, 128), (0, 0, 0, 0)))
    assert (pixels(opened) == 255).all()
    # No line is skipped: fine stripes become grey, and not stripes again.
    stripes = np.zeros((1100, 1100), "uint8")
    stripes[::2] = 255
    ask(opened, Image.fromarray(stripes))
    assert np.abs(pixels(opened)[..., :3] - 128).max() < 32


def test_a_photo_taken_sideways_is_turned(opened, strict):
    upright, exif = invented()[0].resize((128, 160)), Image.Exif()
    exif[0x0112] = 6  # to be turned to the right
    sideways = upright.transpose(Image.Transpose.ROTATE_90)
    for page in (opened, strict):
        ask(page, sideways, "jpeg", exif=exif, quality=100, subsampling=0)
        difference = pixels(page)[..., :3] - np.asarray(upright)[16:144]
        assert np.abs(difference).mean() < 2


def test_each_ready_face_gets_the_answer_of_keras_and_its_labels(opened):
    sheet = np.asarray(Image.open(ASSETS / "faces.webp").convert("RGB"))
    width = sheet.shape[1] // 128
    faces = [face for row in np.split(sheet, 2) for face in np.split(row, width, 1)]
    buttons = opened.locator(BUTTON["face"]).all()
    assert len(buttons) == len(faces) >= 8
    found = []
    for button in buttons:
        button.click()
        found.append(answer(opened))
        labels = button.get_attribute("aria-label").removeprefix("Average face, ")
        assert f"in this average are {labels}." in opened.inner_text("#face-result")
    ages, genders = np.transpose(found)
    network = keras.models.load_model(MODELS / "face.keras")
    expected = network.predict(np.stack(faces), verbose=0)
    assert np.abs(ages - expected["age"].ravel()).max() < 0.5
    assert np.abs(genders - expected["gender"].ravel()).max() < 0.01
    ask(opened, invented()[0])
    assert "in this average" not in opened.inner_text("#face-result")


def test_where_the_network_looked(opened):
    opened.click(BUTTON["face"])
    answer(opened)
    assert "unseen faces" in opened.inner_text("#face-result")
    opened.click("#face-look")
    told = opened.inner_text("#face-result p:nth-child(3)")
    assert float(re.search(r"by up to (\d+\.\d) years", told)[1]) > 0
    assert pixels(opened, "face-overlay").any()
    opened.click(BUTTON["face"])
    answer(opened)
    assert not pixels(opened, "face-overlay").any()


def test_the_newest_picture_wins(opened):
    """A face that comes late, behind a picture chosen after it, changes nothing."""
    held, picture = [], invented()[0]
    opened.route("**/faces.webp", lambda route: held.append(route))
    opened.click(BUTTON["face"])
    expected = ask(opened, picture)
    with opened.expect_response("**/faces.webp"):
        held[0].continue_()
    opened.unroute("**/faces.webp")
    opened.wait_for_timeout(500)
    assert (pixels(opened)[..., :3] == np.asarray(picture)).all()
    opened.dispatch_event("#face-zoom", "change")  # asks again about what the page has
    assert answer(opened) == expected


def test_a_picture_can_be_dropped(opened):
    first, second = invented()[2:4]
    expected = ask(opened, first)
    assert ask(opened, second) != expected
    transfer = opened.evaluate_handle(
        """(bytes) => {
            const made = new DataTransfer(), type = "image/png";
            made.items.add(new File([new Uint8Array(bytes)], "a.png", { type }));
            return made;
        }""",
        list(stored(first)["buffer"]),
    )
    opened.dispatch_event("#try-face", "drop", {"dataTransfer": transfer})
    assert answer(opened) == expected


def test_the_camera_is_used_only_when_asked_and_switched_off_after(opened):
    video = "document.getElementById('face-video').srcObject"
    for button in ("#face-stop", "#face-take"):
        assert opened.evaluate(video) is None
        opened.click("#face-camera")
        opened.wait_for_selector(button, state="visible")
        assert opened.evaluate(f"(window.stream = {video}).active")
        # A second stream would hide the first, which nobody could then switch off.
        assert opened.is_disabled("#face-camera")
        opened.click(button)
        assert not opened.evaluate("window.stream.active")
    age, gender = answer(opened)
    assert 0 <= age <= 100 and 0 <= gender <= 1
    assert pixels(opened)[..., :3].std() > 0


# When something is wrong


def test_a_file_that_is_no_picture(opened, strict):
    huge = stored(Image.new("1", (10_000, 6_501)))["buffer"]
    files = {b"no picture": "not a picture", huge: "65.1 million pixels"}
    files |= {b"": "not a picture", b"\x89PNG\r\n\x1a\nbroken": "not a picture"}
    for page, (content, told) in product((opened, strict), files.items()):
        file = {"name": "face.png", "mimeType": "image/png", "buffer": content}
        page.set_input_files("#face-input", file)
        assert told in trouble(page, "face")
        assert page.get_attribute("#face-result", "data-age") is None


@pytest.mark.parametrize("missing", ["WebAssembly", "DecompressionStream"])
def test_a_browser_that_is_too_old(visit, missing):
    page, _ = visit(FILE, script=f"delete globalThis.{missing}")
    for demo, button in BUTTON.items():
        page.click(button)
        told = trouble(page, demo)
        assert f"no {missing}" in told and "Firefox 113" in told


@pytest.mark.parametrize(
    ("method", "body", "reason"),
    [
        ("getImageData", "made.data[20_000] ^= 1; return made", "alters the pixels"),
        ("drawImage", "throw new Error('no room')", "no room"),
    ],
)
def test_a_picture_that_cannot_be_read(visit, method, body, reason):
    """There is no answer, and the camera is off."""
    page, _ = visit(
        FILE,
        script=f"""
            const context = CanvasRenderingContext2D.prototype, {{ {method}: own }} = context;
            context.{method} = function (...all) {{ const made = own.apply(this, all); {body}; }};
        """,
    )
    page.click("#face-camera")
    page.wait_for_selector("#face-take", state="visible")
    page.evaluate("window.stream = document.getElementById('face-video').srcObject")
    page.click("#face-take")
    assert reason in trouble(page, "face")
    assert page.get_attribute("#face-result", "data-age") is None
    assert not page.evaluate("window.stream.active")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("delete Navigator.prototype.mediaDevices", "only over https"),
        ("fail(navigator.mediaDevices, 'getUserMedia', 'NotFoundError')", "none was"),
        ("fail(navigator.mediaDevices, 'getUserMedia', 'NotAllowedError')", "allow"),
        ("fail(HTMLMediaElement.prototype, 'play', 'NotSupportedError')", "no screen"),
    ],
)
def test_no_camera(visit, script, reason):
    """An answer that is there stays, and no stream goes on unseen."""
    fail = """
        const fail = (object, method, name) => (object[method] = function () {
            window.stream = this.srcObject;
            return Promise.reject(new DOMException("no screen", name));
        });
    """
    page, faults = visit(FILE, script=fail + script)
    page.click(BUTTON["face"])
    before = answer(page)
    page.click("#face-camera")
    told = trouble(page, "camera")
    assert "No camera" in told and reason in told
    assert page.is_hidden("#face-video") and page.is_enabled("#face-camera")
    assert not page.evaluate("window.stream?.active")
    assert answer(page) == before and page.is_enabled("#face-look")
    page.click(BUTTON["face"])
    assert page.inner_text("#camera-result") == "" and faults == []


@pytest.mark.parametrize("status", [None, 404])
@pytest.mark.parametrize(
    ("demo", "file", "remedy"),
    [
        ("review", "sentiment.onnx.gz", "try again"),
        ("face", "face.onnx.gz", "try again"),
        ("face", "faces.webp", "try again"),
        ("face", "onnxruntime/ort.wasm.min.js", "reload the page"),
        ("face", "onnxruntime/ort-wasm-simd-threaded.js", "reload the page"),
    ],
)
def test_a_part_that_cannot_be_fetched(visit, demo, file, remedy, status):
    """It is not blamed on the picture or the browser, and one can try again."""

    def fail(route):
        route.fulfill(status=status) if status else route.abort()

    page, _ = visit(FILE)
    page.route(f"**/{file}", fail)
    page.click(BUTTON[demo])
    told = trouble(page, demo)
    assert "could not be fetched" in told and remedy in told
    if demo == "face":  # there is no answer to ask more about
        assert page.is_disabled("#face-look")
    page.unroute(f"**/{file}")
    if remedy == "try again":
        page.click(BUTTON[demo])
        page.wait_for_selector(DONE[demo])


def test_a_server_that_unpacks_a_file_does_no_harm_and_a_damaged_one_is_told(visit):
    network = gzip.decompress((ASSETS / "sentiment.onnx.gz").read_bytes())
    page, _ = visit(FILE)
    page.route("**/sentiment.onnx.gz", lambda route: route.fulfill(body=network))
    assert judge(page, "great") > 0.5
    page.route("**/face.onnx.gz", lambda route: route.fulfill(body=network[:-999]))
    page.click(BUTTON["face"])
    assert "could not be run in this browser" in trouble(page, "face")


# Downloads and keyboard


def test_networks_are_fetched_once_when_first_used_and_their_size_is_said(visit):
    page, faults = visit(FILE)
    runtime = [f"onnxruntime/{path.name}" for path in ASSETS.glob("onnxruntime/ort*")]
    heavy = sorted(runtime + FETCHED["review"] + FETCHED["face"])

    def fetched():
        entries = "performance.getEntriesByType('resource').map((entry) => entry.name)"
        names = [entry.rpartition("/try-it/")[2] for entry in page.evaluate(entries)]
        return sorted(name for name in names if name in heavy)

    assert fetched() == []
    for demo, files in FETCHED.items():
        size = sum((ASSETS / file).stat().st_size for file in runtime + files) / 1e6
        said = page.inner_text(f"#{demo}-size").removesuffix(" MB")
        assert float(said) == pytest.approx(size, abs=0.06)
        # The second question comes before the download for the first is over.
        page.eval_on_selector(BUTTON[demo], "(it) => { it.click(); it.click(); }")
    for done in DONE.values():
        page.wait_for_selector(done)
    judge(page, "bad")
    assert fetched() == heavy and faults == []


def test_the_keyboard_is_enough_and_the_answers_are_readable(opened):
    opened.reload()
    opened.fill("#review-input", "great terrible zzyzx " + "car " * 2_010)
    opened.focus(f"{BUTTON['face']}:nth-last-child(2)")
    reached = {"face-ready": DONE["face"], "face-zoom": None}
    reached |= {"face-look": "#face-result p:nth-child(3)", "face-input": None}
    reached |= {"review-button": "#review-words ul"}
    place = "document.activeElement.id || document.activeElement.parentElement.id"
    for wanted, result in reached.items():
        for _ in range(10):
            opened.keyboard.press("Tab")
            if (focused := opened.evaluate(place)) == wanted:
                break
        assert focused == wanted
        if result:
            opened.keyboard.press("Enter")
            opened.wait_for_selector(result)
    for box in ("review-result", "face-result", "camera-result"):
        assert opened.get_attribute(f"#{box}", "role") == "status"
    opened.add_style_tag(content=STILL)
    for theme in ("light", "dark"):
        opened.emulate_media(color_scheme=theme)
        opened.wait_for_selector(f"html[data-theme={theme}]")
        assert violations(opened) == []
    opened.set_viewport_size(PHONE)
    assert opened.evaluate(OVERFLOWING) == []
