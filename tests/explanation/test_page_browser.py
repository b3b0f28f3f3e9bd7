"""The page in a real browser: time, links, edited inputs, quiz, look, and what it must not do.

`make browser` installs Debian's Chromium with its driver, and Selenium. Nothing is downloaded here.
"""

import json
import shutil

import numpy as np
import pytest
from programs import NETWORK, chain, loop, network, random_program

import autodiff as ad
import nn

DRIVER, BROWSER = shutil.which("chromedriver"), shutil.which("chromium")
if DRIVER is None or BROWSER is None:
    pytest.skip("chromium is not installed: `make browser`", allow_module_level=True)
webdriver = pytest.importorskip(
    "selenium.webdriver", reason="selenium is not installed: `make browser`"
)
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

NASTY = "</script><img src=x onerror=alert(1)><b>"
X = np.array([1.0, 2.0, 3.0])


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for option in ("headless=new", "no-sandbox", "disable-gpu", "window-size=1280,1000"):
        options.add_argument(f"--{option}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens the page of an explanation; at the end nothing was complained of, nothing fetched."""
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get_log("performance")

    def show(explanation):
        explanation.html(tmp_path / "page.html")
        browser.get((tmp_path / "page.html").as_uri())
        assert browser.execute_script("return document.documentElement.dataset.ready") == "yes"
        return browser

    yield show
    assert browser.get_log("browser") == []
    sent = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [
        m["params"]["request"]["url"] for m in sent if m["method"] == "Network.requestWillBeSent"
    ]
    assert all(url.endswith(("/page.html", "about:blank")) for url in urls), urls


def rows(driver):
    """The numbers of all tables, every digit: `title` of each value by what it is a value of."""
    return driver.execute_script(
        "return Object.fromEntries([...document.querySelectorAll('tr[data-node]')].map((row) =>"
        "[row.cells[0].textContent, row.querySelector('.v').title.split(', ').map(Number)]))"
    )


def same(driver, explanation):
    found = rows(driver)
    wanted = {str(n.name): n.value for n in explanation.graph.shown()}
    wanted |= {str(s.derivative): s.value for s in (*explanation.forward, *explanation.reverse)}
    for name, value in wanted.items():
        if np.size(value) <= 9:
            np.testing.assert_allclose(
                found[name], np.ravel(value), rtol=1e-12, atol=1e-14, err_msg=name
            )


def type_into(driver, label, text):
    box = driver.find_element(By.CSS_SELECTOR, f"input[type=number][aria-label='{label}']")
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys(text)


def text_of(driver, name):
    return driver.find_element(By.ID, name).text


def press(driver, key):
    driver.switch_to.active_element.send_keys(key)


def test_the_arrow_keys_walk_forwards_and_backwards(opened):
    driver = opened(ad.explain(chain, 0.1))
    same(driver, ad.explain(chain, 0.1))
    body = driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.HOME)
    assert text_of(driver, "now") == "the inputs"
    seen = []
    count = int(text_of(driver, "count").split("/")[1])
    for _ in range(count):
        body.send_keys(Keys.ARROW_RIGHT)
        seen.append(text_of(driver, "now"))
        lit = driver.find_elements(By.CSS_SELECTOR, "#picture .edge.lit")
        assert lit or "seed" in seen[-1]
    assert seen[0] == "f1 = exp(x) = 1.10517"
    last = "dy/dx = dy/df1 * f1: local derivative 1.10517 × incoming 30.681 = 33.9078"
    assert seen[-1] == last
    first = seen.index("dy/df3, contribution 1 of 2: dy/df4 * f4: "
                       "local derivative 10.2428 × incoming 1 = 10.2428")  # fmt: skip
    assert seen[first + 1].startswith("dy/df3, contribution 2 of 2: dy/df5 * cos(f3)")
    assert seen[first + 2].startswith("dy/df3 = dy/df4 * f4 + dy/df5 * cos(f3) = 10.2428 + -0.68")
    for text in reversed(seen[:-1]):
        body.send_keys(Keys.ARROW_LEFT)
        assert text_of(driver, "now") == text


def test_play_and_pause(opened):
    driver = opened(ad.explain(np.sin, 1.0))
    play = driver.find_element(By.ID, "play")
    play.click()
    assert play.text == "Pause"
    play.click()
    assert play.text == "Play"
    assert text_of(driver, "count").startswith("0/")


def test_box_row_and_line_are_linked_and_a_click_pins_the_rule(opened):
    driver = opened(ad.explain(chain, 0.1))
    driver.find_elements(By.CSS_SELECTOR, "#picture .node")[3].click()
    assert text_of(driver, "pin-head") == "f3 (pinned)"
    pinned = driver.find_elements(By.CSS_SELECTOR, ".pinned")
    assert {x.tag_name for x in pinned} == {"g", "tr", "div"}
    assert "f3 = f1 + f2" in next(x for x in pinned if x.tag_name == "div").text
    assert "dy/df3 = dy/df4 * f4 + dy/df5 * cos(f3) = 9.55693" in text_of(driver, "pin-text")
    assert driver.find_elements(By.CSS_SELECTOR, "#pin-math mfrac")
    driver.find_elements(By.CSS_SELECTOR, "#source .line")[0].click()
    assert text_of(driver, "pin-head") == "f1 (pinned)"
    driver.find_element(By.CSS_SELECTOR, ".reverse tr").click()
    assert text_of(driver, "pin-head") == "f5 (pinned)"


def test_edited_inputs_give_the_engines_numbers(opened):
    driver = opened(ad.explain(chain, 0.1))
    type_into(driver, "x", "0.5")
    same(driver, ad.explain(chain, 0.5))
    assert "change of y" in text_of(driver, "nudged")
    assert text_of(driver, "at") == "edited; explained at x = 0.1"
    assert "33.9078" not in driver.find_element(By.TAG_NAME, "body").text
    driver = opened(ad.explain(ad.special.softmax, X))
    type_into(driver, "x[1]", "-1.5")
    same(driver, ad.explain(ad.special.softmax, np.array([1.0, -1.5, 3.0])))
    driver = opened(ad.explain(network, *NETWORK))
    type_into(driver, "x[0]", "-3")
    type_into(driver, "W[2, 1]", "0.25")
    x, W = np.array([-3.0, -2.0]), NETWORK[1].copy()
    W[2, 1] = 0.25
    slots = ad.explain(network, x, W)
    found = rows(driver)
    for step in slots.forward:
        np.testing.assert_allclose(found[str(step.derivative)], np.ravel(step.value), rtol=1e-12)
    np.testing.assert_allclose(found["dz/dW"], np.ravel(slots.reverse[-1].value), atol=1e-14)


@pytest.mark.parametrize("seed", range(10))
def test_ten_random_programs(opened, seed):
    f = random_program(seed)
    driver = opened(ad.explain(f, 0.3, -0.8))
    type_into(driver, "x", "-1.2")
    type_into(driver, "y", "0.4")
    found = rows(driver)
    there = ad.explain(f, -1.2, 0.4)
    for step in (*there.forward, *there.reverse):
        if str(step.derivative) in found:  # of a fold what is shown
            np.testing.assert_allclose(
                found[str(step.derivative)], step.value, rtol=1e-12, atol=1e-14
            )


def test_the_jacobian_is_filled_as_the_sweeps_go(opened):
    driver = opened(ad.explain(ad.special.softmax, X))

    def filled():
        return len(driver.find_elements(By.CSS_SELECTOR, "#jacobian td.filled"))

    assert filled() == 9
    body = driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.HOME)
    assert filled() == 0
    seen = set()
    for _ in range(int(text_of(driver, "count").split("/")[1])):
        body.send_keys(Keys.ARROW_RIGHT)
        seen.add(filled())
    assert seen == {0, 3, 6, 9}


def test_quiz(opened):
    driver = opened(ad.explain(chain, 0.1))
    driver.find_element(By.ID, "quiz").click()
    boxes = driver.find_elements(By.CSS_SELECTOR, ".quiz")
    assert len(boxes) == 6
    shown = driver.find_element(By.TAG_NAME, "body").text
    assert "30.681" not in shown
    assert "both modes agree" not in shown
    assert "33.9078" not in driver.find_element(By.ID, "now").text
    boxes[-1].send_keys("33.9", Keys.TAB)
    boxes[0].send_keys("2", Keys.TAB)
    assert "right" in boxes[-1].get_attribute("class")
    assert "wrong" in boxes[0].get_attribute("class")
    assert boxes[0].get_attribute("aria-invalid") == "true"


def test_seeds_can_be_edited(opened):
    seed = np.array([1.0, 0.0, 0.0])
    driver = opened(ad.explain(ad.special.softmax, X, direction=np.ones(3), seed=seed))
    for summary in driver.find_elements(By.TAG_NAME, "summary"):
        summary.click()
    type_into(driver, "dx/dt[0]", "3")
    type_into(driver, "ds/dy[2]", "-2")
    along, weights = np.array([3.0, 1.0, 1.0]), np.array([1.0, 0.0, -2.0])
    same(driver, ad.explain(ad.special.softmax, X, direction=along, seed=weights))


def test_texts_of_the_user_never_become_markup(opened):
    def f(p):
        return np.sin(p[NASTY]) * 2

    f.__name__ = NASTY
    driver = opened(ad.explain(f, {NASTY: 1.0}))
    assert driver.find_elements(By.CSS_SELECTOR, "img, b, iframe") == []
    assert NASTY in text_of(driver, "tables")
    driver.find_elements(By.CSS_SELECTOR, "#picture .node")[0].click()
    assert driver.find_elements(By.CSS_SELECTOR, "img, b") == []


def test_a_fold_opens(opened):
    def f(x):
        for _ in range(10):
            x = x + 0.1 * np.sin(x)
        return x

    driver = opened(ad.explain(f, 0.5))
    (fold,) = driver.find_elements(By.CSS_SELECTOR, "#picture .folded")
    before = len(driver.find_elements(By.CSS_SELECTOR, "#picture .node"))
    fold.click()
    assert len(driver.find_elements(By.CSS_SELECTOR, "#picture .node")) == before - 1 + 24
    assert "665 more rounds" in text_of(opened(ad.explain(loop, 0.1)), "tables")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_the_screen_and_follows_its_look(opened, browser, scheme, width):
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 700}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        driver = opened(mlp())
        assert driver.execute_script("return document.documentElement.scrollWidth") <= width
        paper = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]
        boxes = driver.find_elements(By.CSS_SELECTOR, "#picture .node")
        places = [box.location for box in boxes if "input" not in box.get_attribute("class")]
        down = places[-1]["y"] - places[0]["y"] > abs(places[-1]["x"] - places[0]["x"])
        assert down == (width < 700)
        height = driver.execute_script(
            "return document.querySelector('#picture .name').getBoundingClientRect().height"
        )
        assert height >= 8
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def mlp():
    rng = np.random.default_rng(0)

    def loss_of(W1, b1, W2, b2, X, t):
        h = np.maximum(X @ W1 + b1, 0)
        logits = h @ W2 + b2
        loss = nn.losses.cross_entropy(logits, t)
        return loss

    weights = rng.normal(size=(20, 16)), np.zeros(16), rng.normal(size=(16, 3)), np.zeros(3)
    return ad.explain(
        loss_of, *weights, rng.normal(size=(64, 20)), rng.integers(0, 3, 64), argnums=(0, 1, 2, 3)
    )


def test_everything_is_reached_by_keyboard_and_named(opened):
    driver = opened(ad.explain(chain, 0.1))
    nameless = driver.execute_script(
        "return [...document.querySelectorAll('button, input, select, [role=button]')]"
        ".filter((x) =>"
        "!x.getAttribute('aria-label') && !x.textContent.trim() && !(x.labels && x.labels.length))"
        ".map((x) => x.outerHTML)"
    )
    assert nameless == []
    node = driver.find_elements(By.CSS_SELECTOR, "#picture .node")[1]
    driver.execute_script("arguments[0].focus()", node)
    press(driver, Keys.ENTER)
    assert text_of(driver, "pin-head") == "f1 (pinned)"
    assert node.get_attribute("aria-label").startswith("f1, 1.10517")


def test_a_step_is_saved_as_svg(opened, browser, tmp_path):
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    driver = opened(ad.explain(chain, 0.1))
    for name in ("save", "save-all"):
        driver.find_element(By.ID, name).click()
    from xml.etree import ElementTree as ET

    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(driver, 10).until(
        lambda _: len([p for p in tmp_path.glob("*.svg") if p.stat().st_size]) == 2
    )
    one, whole = ET.parse(tmp_path / "step-28.svg"), ET.parse(tmp_path / "steps.svg")
    assert "33.9078" in "".join(one.getroot().itertext())
    assert "28. dy/dx = dy/df1 * f1" in "".join(whole.getroot().itertext())
