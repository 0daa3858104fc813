"""The page Try it in a real browser: the same answers as Python gives, and a kind word when something is wrong."""

import gzip
import io
import json
import random
import re
import string
import zipfile

import numpy as np
import pytest
from nltk.stem import PorterStemmer
from PIL import Image
from test_models import COMPLAINT, MODELS, PRAISE, predict
from test_models import face as face_network  # noqa: F401, the fixtures
from test_models import sentiment, vocabulary  # noqa: F401

from cnnbook import data

FILE = "book/try-it"
ASSETS = data.SAMPLE.parents[1] / "book" / "_static" / "try-it"
SLOW = 60_000  # milliseconds; a busy machine
HOSTILE = [
    "<script>window.broken = true</script> great car",
    "<img src=x onerror='window.broken = true'> terrible engine",
    "</textarea><b>bold</b> &lt;i&gt; &amp; seats <svg onload=alert(1)>",
    "${1 + 1} {{7 * 7}} __proto__ constructor toString hasOwnProperty",
]


@pytest.fixture(scope="module")
def opened(visit):
    """The page, opened once for all questions that do not change it; nothing on it may fail."""
    page, faults = visit(FILE)
    yield page
    assert faults == []


def judge(page, text):
    """Type a text, press the button, return the probability."""
    page.fill("#review-input", text)
    page.press("#review-button", "Enter")
    page.wait_for_selector("#review-result[data-probability]", timeout=SLOW)
    return float(page.get_attribute("#review-result", "data-probability"))


def reasons(page):
    """Wait until the words are coloured, and return what the page says about them."""
    page.wait_for_selector("#review-words ul", timeout=SLOW)
    return page.inner_text("#review-words ul")


def png(picture):
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return {"name": "picture.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def answer(page):
    page.wait_for_selector("#face-result[data-age]", timeout=SLOW)
    return [
        float(page.get_attribute("#face-result", f"data-{key}"))
        for key in ("age", "gender")
    ]


def trouble(page, where):
    return page.inner_text(f"#{where}-result .try-trouble", timeout=SLOW)


def hold(page, file):
    """Keep a file back from the page, until the function that is returned is called."""
    held = []
    page.route(f"**/{file}", lambda route: held.append(route))

    def release():
        for route in held:
            route.continue_()
        page.unroute(f"**/{file}")

    return release


# --- The same answers as Python ------------------------------------------------------------------


def texts():
    """Texts of all kinds: invented reviews, hostile ones, and random words of the vocabulary."""
    rng = random.Random(0)
    known = json.loads((MODELS / "vocabulary.json").read_text("utf-8"))
    table = data._read_reviews(data.SAMPLE / "car_reviews.csv")[0]
    special = [
        "", " \n\t ", "zzyzx qwfpg", "1999 42 !!", "the and of not", "Größe naïve 車 café Ünïcode great", "great" * 400,
        "GREAT Great great", "don't can't won't it's", "e-mail 4x4 V6 F150", "great\u00a0car\u2028bad\u200bengine",
        "emoji 🚗 great 😡 bad", "l'été à la plage", "ﬁne ligature Ⅷ İstanbul ſmooth Kelvin", PRAISE, COMPLAINT,
        " ".join(rng.choices(known, k=10_000)), "car " * 551, " ".join(known[:550]) + " terrible", *HOSTILE,
    ]  # fmt: skip
    lengths = [rng.choice([1, 2, 5, 20, 100]) for _ in range(120)]
    mixed = [
        " ".join(rng.choices(known[:2000], k=length)) + rng.choice([".", "!", "", " 5"])
        for length in lengths
    ]
    return special + mixed + rng.sample(table.Review.tolist(), 80)


def test_reviews_get_the_answer_of_keras(opened, sentiment, vocabulary):  # noqa: F811
    asked = texts()
    assert len(asked) >= 200
    expected = predict(sentiment, asked, vocabulary).ravel()
    found = np.array([judge(opened, text) for text in asked])
    assert np.ptp(found) > 0.9
    assert np.abs(found - expected).max() < 1e-4


def pictures():
    """Pictures as the data set has them (128 x 128): invented faces, noise, and other kinds of PNG."""
    with zipfile.ZipFile(data.SAMPLE / "train_test.zip") as archive:
        faces = [Image.open(archive.open(name)) for name in archive.namelist()[::50]]
    rng = np.random.default_rng(0)
    noise = [
        Image.fromarray(rng.integers(0, 256, (128, 128, 3), dtype="uint8"))
        for _ in range(4)
    ]
    blots = [picture.resize((6, 6)).resize((128, 128)) for picture in noise]
    plain = [
        Image.new("RGB", (128, 128), colour) for colour in ("black", "white", "#c08070")
    ]
    return (
        faces + noise + blots + plain + [faces[0].convert("L"), faces[1].quantize(16)]
    )


def test_pictures_get_the_answer_of_keras(opened, face_network):  # noqa: F811
    asked = pictures()
    assert len(asked) >= 20
    pixels = np.stack([np.asarray(picture.convert("RGB")) for picture in asked])
    expected = face_network.predict(pixels, verbose=0)
    found = []
    for picture in asked:
        opened.set_input_files("#face-input", png(picture))
        found.append(answer(opened))
    ages, genders = np.array(found).T
    assert np.ptp(ages) > 20
    assert np.abs(ages - expected["age"].ravel()).max() < 0.5
    assert np.abs(genders - expected["gender"].ravel()).max() < 0.01


def stemmer_words():
    """The words of the reviews and the vocabulary, NLTK's irregular ones, and random ones with real endings."""
    rng = random.Random(0)
    words = set(json.loads((MODELS / "vocabulary.json").read_text("utf-8"))) | set(
        PorterStemmer().pool
    )
    for review in data.load_reviews().Review:
        words |= set(re.findall("[a-z]+", review.lower()))
    endings = (
        "s sses ies ed ied eed ing ating bling izing y ly ational tional enci anci izer bli alli entli eli ousli "
        "ization ation ator alism iveness fulness ousness aliti iviti biliti fulli logi icate ative alize iciti ical "
        "ful ness al ance ence er ic able ible ant ement ment ent ion sion ou ism ate iti ous ive ize e ll"
    ).split()
    while len(words) < 50_000:
        letters = rng.choice([string.ascii_lowercase, "aeiouylst"])
        words.add(
            "".join(
                rng.choices(letters, k=rng.randint(1, 7))
                + rng.choices(endings, k=rng.randint(0, 2))
            )
        )
    return sorted(words)


def test_the_stemmer_is_nltks(opened, address):
    words = stemmer_words()
    found = opened.evaluate(
        "async ([module, words]) => words.map((await import(module)).stem)",
        [f"{address}_static/try-it/porter.mjs", words],
    )
    stem = PorterStemmer().stem
    assert [
        (word, mine, stem(word))
        for word, mine in zip(words, found)
        if mine != stem(word)
    ] == []


# --- What the review demo says -------------------------------------------------------------------


def test_words_are_coloured_by_leaving_each_out(opened, sentiment, vocabulary):  # noqa: F811
    text = "A great, comfortable car with a terrible transmission and a zzyzx."
    whole = judge(opened, text)
    said = reasons(opened)
    for word, side in {"great": "for", "terrible": "against"}.items():
        assert (
            opened.locator(
                f"#review-words mark.{side}", has_text=re.compile(f"^{word}$")
            ).count()
            == 1
        )
        (without,) = predict(sentiment, [text.replace(word, "")], vocabulary).ravel()
        shown = float(re.search(rf"{word} (\d+\.\d)", said)[1])
        assert shown == pytest.approx(abs(whole - without) * 100, abs=0.06)
    assert (
        "does not know: zzyzx" in said
        and opened.inner_text("#review-words .unknown") == "zzyzx"
    )
    assert opened.inner_text("#review-words .try-text") == text


def test_a_long_text_is_cut_and_the_page_says_so(opened):
    judge(opened, "car " * 560)
    assert "first 550 words that it knows; 10 more" in reasons(opened)
    assert opened.locator("#review-words .late").count() == 10


def test_a_text_without_a_known_word_gets_one_half(opened):
    for text in ("", "zzyzx"):
        assert judge(opened, text) == pytest.approx(0.5, abs=0.02)
        assert "no word here that the network knows" in opened.inner_text(
            "#review-result"
        )


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_typed_becomes_html(opened, text):
    judge(opened, text)
    reasons(opened)
    assert opened.inner_text("#review-words .try-text") == text
    kinds = "script, img, svg, b, i, textarea"
    assert (
        opened.locator(
            f"#review-words :is({kinds}), #review-result :is({kinds})"
        ).count()
        == 0
    )
    assert opened.evaluate("window.broken") is None


def test_the_newest_question_wins(opened, address, vocabulary):  # noqa: F811, the fixture
    """A long text and at once a short one: the answer about the long one comes later, and is not shown."""
    judge(opened, "bad")
    long = " ".join(vocabulary[:550])
    opened.evaluate(
        """(texts) => texts.forEach((text) => {
            document.getElementById("review-input").value = text;
            document.getElementById("try-review").requestSubmit();
        })""",
        [long, "great"],
    )
    reasons(opened)
    # The network takes turns: when it has done the same work for us, it has long done it for the older question.
    opened.evaluate(
        """async ([module, text]) => {
            const { judge, influences } = await import(module);
            await influences(await judge(text), () => {});
        }""",
        [f"{address}_static/try-it/reviews.mjs", long],
    )
    assert opened.inner_text("#review-words .try-text") == "great"
    assert "This reads like praise" in opened.inner_text("#review-result")


# --- What the face demo does ---------------------------------------------------------------------


def shown_pixels(page):
    values = page.evaluate(
        "[...document.getElementById('face-canvas').getContext('2d').getImageData(0, 0, 128, 128).data]"
    )
    return np.array(values).reshape(128, 128, 4)[..., :3]


def test_the_middle_square_is_cut_out(opened):
    faces = pictures()
    wide = Image.new("RGB", (256, 128), "red")
    wide.paste(faces[0], (64, 0))
    opened.set_input_files("#face-input", png(wide))
    answer(opened)
    assert (shown_pixels(opened) == np.asarray(faces[0])).all()


@pytest.mark.parametrize("size", [256, 1100])
def test_a_large_picture_is_reduced_smoothly(opened, size):
    """No pixel is skipped: fine stripes become grey, and not stripes again."""
    stripes = np.zeros((size, size, 3), "uint8")
    stripes[::2] = 255
    opened.set_input_files("#face-input", png(Image.fromarray(stripes)))
    answer(opened)
    assert abs(shown_pixels(opened).astype(int) - 128).max() < 32


def test_a_transparent_picture_lies_on_white(opened):
    opened.set_input_files(
        "#face-input", png(Image.new("RGBA", (128, 128), (0, 0, 0, 0)))
    )
    answer(opened)
    assert (shown_pixels(opened) == 255).all()


def test_zoom_asks_about_the_middle(opened):
    face = pictures()[0]
    around = Image.new("RGB", (256, 256), "blue")
    around.paste(face, (64, 64))
    opened.set_input_files("#face-input", png(face))
    expected = answer(opened)
    opened.set_input_files("#face-input", png(around))
    assert answer(opened) != expected
    opened.fill("#face-zoom", "2")
    assert answer(opened) == expected


def test_the_sample_and_where_the_network_looked(opened):
    opened.click("#face-sample")
    answer(opened)
    assert "test faces" in opened.inner_text("#face-result")
    opened.click("#face-look")
    opened.wait_for_selector("#face-result p:nth-child(3)", timeout=SLOW)
    assert (
        float(
            re.search(r"by up to (\d+\.\d) years", opened.inner_text("#face-result"))[1]
        )
        > 0
    )
    coloured = "document.getElementById('face-overlay').getContext('2d').getImageData(0, 0, 128, 128).data.some((v) => v)"
    assert opened.evaluate(coloured)
    opened.click("#face-sample")
    answer(opened)
    assert not opened.evaluate(coloured)


def test_the_newest_picture_wins(opened):
    """An invented face that comes late, behind a picture chosen after it, leaves that picture alone."""
    opened.evaluate(
        """() => {
            window.unpacked = 0;
            const { decode } = HTMLImageElement.prototype;
            HTMLImageElement.prototype.decode = function () {
                return decode.call(this).finally(() => (window.unpacked += 1));
            };
        }"""
    )
    picture = pictures()[0]
    release = hold(opened, "sample.png")
    opened.click("#face-sample")
    opened.set_input_files("#face-input", png(picture))
    expected = answer(opened)
    release()
    opened.wait_for_function("window.unpacked === 2", timeout=SLOW)
    assert (shown_pixels(opened) == np.asarray(picture)).all()
    opened.dispatch_event(
        "#face-zoom", "change"
    )  # asks again about the picture that the page has
    assert answer(opened) == expected


def test_a_picture_can_be_dropped(opened):
    picture = pictures()[2]
    opened.set_input_files("#face-input", png(picture))
    expected = answer(opened)
    opened.set_input_files("#face-input", png(pictures()[3]))
    assert answer(opened) != expected
    transfer = opened.evaluate_handle(
        """(bytes) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "picture.png", { type: "image/png" }));
            return transfer;
        }""",
        list(png(picture)["buffer"]),
    )
    opened.dispatch_event("#try-face", "drop", {"dataTransfer": transfer})
    assert answer(opened) == expected


def test_the_camera_is_used_only_when_asked_and_switched_off_after(opened):
    asked = "document.getElementById('face-video').srcObject?.active ?? false"
    assert opened.evaluate(asked) is False
    opened.click("#face-camera")
    opened.click("#face-stop")
    assert opened.evaluate(asked) is False
    opened.click("#face-camera")
    opened.wait_for_selector("#face-take", state="visible")
    assert opened.evaluate(asked) is True
    opened.click("#face-take")
    age, gender = answer(opened)
    assert 0 <= age <= 100 and 0 <= gender <= 1
    assert opened.evaluate(asked) is False and shown_pixels(opened).std() > 0


def test_two_streams_cannot_run_at_once(opened):
    """Pressed twice, the camera is asked for once, so that one button can switch it off."""
    opened.evaluate(
        """() => {
            window.streams = [];
            const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            navigator.mediaDevices.getUserMedia = async (wish) => {
                const stream = await ask(wish);
                window.streams.push(stream);
                return stream;
            };
            document.getElementById("face-camera").click();
            document.getElementById("face-camera").click();
        }"""
    )
    opened.wait_for_selector("#face-take", state="visible")
    assert opened.is_disabled("#face-camera")
    opened.click("#face-stop")
    assert opened.evaluate("window.streams.map((stream) => stream.active)") == [False]
    assert opened.is_enabled("#face-camera")


# --- When something is wrong ---------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\nbroken"])
def test_a_file_that_is_no_picture(opened, content):
    opened.set_input_files(
        "#face-input", {"name": "face.png", "mimeType": "image/png", "buffer": content}
    )
    assert "not a picture" in trouble(opened, "face")
    assert opened.get_attribute("#face-result", "data-age") is None


def test_a_picture_of_100_megapixels(opened):
    opened.set_input_files("#face-input", png(Image.new("1", (10_000, 10_000))))
    assert "100 million pixels" in trouble(opened, "face")


def test_no_webassembly(visit):
    page, _ = visit(FILE, script="delete globalThis.WebAssembly")
    page.click("#review-button")
    assert "no WebAssembly" in trouble(page, "review")
    page.click("#face-sample")
    assert "no WebAssembly" in trouble(page, "face")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (
            "Object.defineProperty(navigator, 'mediaDevices', { value: undefined })",
            "over https",
        ),
        (
            "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'))",
            "none was",
        ),
        (
            "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))",
            "allow",
        ),
    ],
)
def test_no_camera(visit, script, reason):
    page, faults = visit(FILE, script=script)
    page.click("#face-camera")
    assert "No camera" in trouble(page, "camera") and reason in trouble(page, "camera")
    assert page.is_hidden("#face-video") and faults == []


def test_a_refused_camera_leaves_the_answer_alone(visit):
    """One that is still to come, and one that is there."""
    page, _ = visit(FILE, script="delete Navigator.prototype.mediaDevices")
    release = hold(page, "face.onnx.gz")
    page.click("#face-sample")
    page.click("#face-camera")
    assert "No camera" in trouble(page, "camera")
    release()
    before = answer(page)
    page.click("#face-camera")
    assert "No camera" in trouble(page, "camera")
    assert answer(page) == before and page.is_enabled("#face-look")
    page.click("#face-sample")
    assert page.inner_text("#camera-result") == ""


def test_a_download_that_fails_can_be_tried_again(visit):
    page, _ = visit(FILE)
    page.route("**/sentiment.onnx.gz", lambda route: route.abort())
    page.click("#review-button")
    assert "try again" in trouble(page, "review")
    page.unroute("**/sentiment.onnx.gz")
    assert judge(page, "great") > 0.5


def test_where_it_looked_waits_for_an_answer(visit):
    page, _ = visit(FILE)
    page.route("**/face.onnx.gz", lambda route: route.abort())
    page.click("#face-sample")
    assert "try again" in trouble(page, "face")
    assert page.is_visible("#face-look") and page.is_disabled("#face-look")
    page.unroute("**/face.onnx.gz")
    page.click("#face-sample")
    answer(page)
    assert page.is_enabled("#face-look")


@pytest.mark.parametrize(
    ("file", "remedy"),
    [("sample.png", "try again"), ("onnxruntime/ort.wasm.min.mjs", "reload the page")],
)
@pytest.mark.parametrize(
    "fail", [lambda route: route.abort(), lambda route: route.fulfill(status=404)]
)
def test_a_missing_part_is_not_blamed_on_the_picture_or_the_browser(
    visit, file, remedy, fail
):
    page, _ = visit(FILE)
    page.route(f"**/{file}", fail)
    page.click("#face-sample")
    assert "could not be fetched" in trouble(page, "face") and remedy in trouble(
        page, "face"
    )


def test_a_camera_that_cannot_be_shown_is_switched_off(visit):
    script = """
        HTMLMediaElement.prototype.play = function () {
            window.stream = this.srcObject;
            return Promise.reject(new DOMException("it cannot be shown", "NotSupportedError"));
        };
    """
    page, _ = visit(FILE, script=script)
    page.click("#face-camera")
    assert "it cannot be shown" in trouble(page, "camera")
    assert page.evaluate("window.stream.active") is False and page.is_enabled(
        "#face-camera"
    )


def test_asked_twice_a_download_begins_once(visit):
    page, faults = visit(FILE)
    loaded = []
    page.on("request", lambda request: loaded.append(request.url.rsplit("/", 1)[-1]))
    release = hold(
        page, "face.onnx.gz"
    )  # or the first question might be over before the second
    page.evaluate("document.getElementById('face-sample').click()")
    page.wait_for_selector("#face-result progress[value]", timeout=SLOW)
    page.evaluate("document.getElementById('face-sample').click()")
    release()
    answer(page)
    assert loaded.count("face.onnx.gz") == 1 and faults == []


def on_start(page, address, then):
    """Count in window.starts how often a network is started, and do something each time before it is."""
    page.evaluate(
        """async ([runtime, then]) => {
            const { InferenceSession } = await import(runtime);
            const { create } = InferenceSession;
            window.starts = 0;
            InferenceSession.create = async (...all) => {
                window.starts += 1;
                await new Function(then)();
                return create.apply(InferenceSession, all);
            };
        }""",
        [f"{address}_static/try-it/onnxruntime/ort.wasm.min.mjs", then],
    )


def test_asked_twice_a_network_is_started_once(visit, address):
    page, faults = visit(FILE)
    ask_again = (
        "if (starts === 1) document.getElementById('try-review').requestSubmit();"
    )
    on_start(page, address, ask_again + "return new Promise((go) => setTimeout(go));")
    judge(page, "great")
    assert page.evaluate("starts") == 1 and faults == []


def test_a_start_that_fails_can_be_tried_again(visit, address):
    page, _ = visit(FILE)
    on_start(page, address, "if (starts === 1) throw new Error('no memory');")
    page.click("#review-button")
    assert "could not be run in this browser: no memory" in trouble(page, "review")
    assert judge(page, "great") > 0.5


def test_a_server_that_unpacks_files_does_no_harm(visit):
    page, _ = visit(FILE)
    page.route(
        "**/*.gz",
        lambda route: route.fulfill(body=gzip.decompress(route.fetch().body())),
    )
    assert judge(page, "great") > 0.5


# --- Downloads and keyboard ----------------------------------------------------------------------


def test_the_network_is_fetched_when_it_is_first_used_and_its_size_is_said(
    visit, address
):
    page, faults = visit(FILE)
    loaded = []
    page.on(
        "request",
        lambda request: loaded.append(
            request.url.removeprefix(f"{address}_static/try-it/")
        ),
    )
    heavy = page.evaluate(
        "performance.getEntriesByType('resource').map((entry) => entry.name)"
    )
    assert not [
        name
        for name in heavy
        if name.endswith((".gz", ".wasm")) or "onnxruntime" in name
    ]
    for demo, start, done in (
        ("review", "#review-button", "#review-result[data-probability]"),
        ("face", "#face-sample", "#face-result[data-age]"),
    ):
        said = float(page.inner_text(f"#{demo}-size").removesuffix(" MB"))
        page.click(start)
        assert (
            page.locator(f"#{demo}-result progress").count() == 1
            or page.locator(done).count() == 1
        )
        page.wait_for_selector(done, timeout=SLOW)
        own = {
            "review": ["sentiment.onnx.gz", "words.json.gz"],
            "face": ["face.onnx.gz"],
        }[demo]
        files = [*ASSETS.glob("onnxruntime/ort*"), *(ASSETS / name for name in own)]
        assert said == pytest.approx(
            sum(file.stat().st_size for file in files) / 1e6, abs=0.06
        )
    before = len(loaded)
    judge(page, "bad")
    assert len(loaded) == before and faults == []
    assert {name for name in loaded if name.endswith((".gz", ".wasm"))} == {
        "onnxruntime/ort-wasm-simd-threaded.wasm.gz", "sentiment.onnx.gz", "words.json.gz", "face.onnx.gz",
    }  # fmt: skip


def test_one_bar_shows_all_that_is_fetched(visit):
    page, _ = visit(FILE)
    page.evaluate(
        """() => {
            window.shares = [];
            const box = document.getElementById("review-result");
            const note = () => shares.push(...[...box.querySelectorAll("progress")].map((bar) => bar.value));
            new MutationObserver(note).observe(box, { subtree: true, childList: true, attributes: true });
        }"""
    )
    judge(page, "great")
    shares = page.evaluate("shares")
    assert shares == sorted(shares) and shares[-1] == 1


def press_tab_until(page, wanted):
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == wanted:
            return
    pytest.fail(f"the Tab key does not reach {wanted}")


def test_the_keyboard_is_enough(opened):
    opened.reload()
    opened.focus("#review-input")
    press_tab_until(opened, "review-button")
    opened.keyboard.press("Enter")
    reasons(opened)
    press_tab_until(opened, "face-input")
    press_tab_until(opened, "face-sample")
    opened.keyboard.press("Enter")
    answer(opened)
    press_tab_until(opened, "face-zoom")
    press_tab_until(opened, "face-look")
    opened.keyboard.press("Enter")
    opened.wait_for_selector("#face-result p:nth-child(3)", timeout=SLOW)
    for box in ("review-result", "face-result", "camera-result"):
        assert opened.get_attribute(f"#{box}", "role") == "status"


def test_its_answers_are_readable_in_both_themes(opened):
    from test_browser import OVERFLOWING, PHONE, violations

    judge(opened, f"{PRAISE} {COMPLAINT} zzyzx " + "car " * 560)
    reasons(opened)
    opened.click("#face-sample")
    answer(opened)
    opened.add_style_tag(content="* { transition: none !important; }")
    for theme in ("light", "dark"):
        opened.emulate_media(color_scheme=theme)
        opened.wait_for_selector(f"html[data-theme={theme}]")
        assert violations(opened) == []
    opened.set_viewport_size(PHONE)
    assert opened.evaluate(OVERFLOWING) == []
