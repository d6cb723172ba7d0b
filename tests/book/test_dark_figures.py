"""In the dark theme figures are drawn on the dark page, and loaded in its place."""

import io
import re
import sys

import numpy as np
import pytest
from PIL import Image

from tests.book import browser
from tools import ROOT, chapters

sys.path.insert(0, str(ROOT / "_ext"))
import dark_figures as dark

CHAPTER = "chapters/exploding.html"
WEAKEST = 2.2  # the contrast with white of the palest colour of the palette
READ = 4.5  # the contrast that words need with what is behind them (WCAG 2.2, 1.4.3)
WANTED = 3  # the contrast with the ground that lines need (WCAG 2.2, 1.4.11)
OFTEN = 2e-4  # the share of a picture from which a colour is a line, and no soft edge
DARK = 0.35  # the most that a dark picture may shine on average
SHOWN = """() => [...document.querySelectorAll(".cell_output img")]
  .filter((image) => image.getClientRects().length)
  .map((image) => image.currentSrc || image.src)"""
PICTURES = re.compile(r"_images/[^/]+\.(?:png|webp)$")


def luminance(rgb):
    """The relative luminance of colours, from 0 to 1."""
    return dark.linear(rgb) @ [0.2126, 0.7152, 0.0722]


def contrast(rgb, ground):
    """The contrast of colours with a ground, from 1 to 21."""
    pair = np.broadcast_arrays(luminance(rgb), luminance(ground))
    return (np.maximum(*pair) + 0.05) / (np.minimum(*pair) + 0.05)


def complaints(light, drawn):
    """What is wrong with a dark picture, beside the one on white; RGB, same size."""
    found, ground = [], np.array(dark.GROUND)
    light, drawn = (np.asarray(picture).reshape(-1, 3) for picture in (light, drawn))
    if not (drawn[0] == ground).all():
        found.append(f"the ground is {drawn[0]}")
    if luminance(drawn).mean() >= DARK:
        found.append(f"it shines: {luminance(drawn).mean():.2f}")
    codes = np.hstack([light, drawn]).astype(int) @ (1 << np.arange(40, -1, -8))
    codes, counts = np.unique(codes, return_counts=True)
    codes = codes[counts >= OFTEN * len(light)]
    pairs = codes[:, None] >> np.arange(40, -1, -8) & 255  # light, then dark
    lines = contrast(pairs[:, :3], (255, 255, 255)) >= WEAKEST
    weak = lines & (contrast(pairs[:, 3:], ground) < WANTED)
    return found + [f"too near the ground: {pair[3:]}" for pair in pairs[weak]]


def palette():
    """The colours of curves, as whole numbers from 0 to 255."""
    text = (ROOT / "chapters/matplotlibrc").read_text(encoding="utf-8")
    codes = re.findall(r'"([0-9A-F]{6})"', text)
    return np.array([list(bytes.fromhex(code)) for code in codes])


def test_white_is_the_ground_and_black_is_read_on_it():
    white, black = dark.recoloured([[255, 255, 255], [0, 0, 0]])
    assert tuple(white) == dark.GROUND
    assert contrast(black, white) > 12


def test_the_palette_is_seen_and_keeps_its_hues():
    colours = palette()
    assert len(colours) == 7
    drawn = dark.recoloured(colours)
    assert contrast(drawn, dark.GROUND).min() >= WANTED
    before, after = dark.oklab(colours[:-1]), dark.oklab(drawn[:-1])
    turned = np.angle(
        (before[:, 1] + 1j * before[:, 2]) / (after[:, 1] + 1j * after[:, 2]), deg=True
    )
    assert np.abs(turned).max() < 25
    apart = np.linalg.norm(after[:, None] - after, axis=2) + np.eye(len(after))
    assert apart.min() > 0.09  # blue and light blue are 0.22 apart on white


@pytest.mark.parametrize("name", ["letters-figure", "layout-figure"])
def test_words_on_coloured_cells_are_read_in_both_themes(name):
    cells = chapters.read("five_notations").cells
    source = next(cell.source for cell in cells if cell.id == name)
    codes = set(re.findall(r"#([0-9A-F]{6})", source)) - {"0072B2"}  # white words
    colours = np.array([list(bytes.fromhex(code)) for code in sorted(codes)])
    assert len(colours) >= 4
    assert contrast(colours, (0, 0, 0)).min() >= READ
    assert (
        contrast(dark.recoloured(colours), dark.recoloured([(0, 0, 0)])).min() >= READ
    )
    pair = [list(bytes.fromhex("0072B2")), (255, 255, 255)]
    assert contrast(*pair) >= READ and contrast(*dark.recoloured(pair)) >= READ


@pytest.mark.parametrize("colour", [*palette(), (136, 136, 136)])
def test_a_soft_edge_stays_soft(colour):
    shares = np.linspace(0, 1, 40)[:, None]
    edge = dark.recoloured(np.rint(255 + shares * (np.array(colour) - 255)))
    away = np.linalg.norm(dark.oklab(edge) - dark.oklab([dark.GROUND]), axis=1)
    assert (np.diff(away) > -0.01).all() and np.diff(away).max() < 0.1


def test_a_transparent_picture_stands_on_the_ground():
    picture = Image.new("RGBA", (3, 2), (0, 0, 0, 0))
    picture.putpixel((2, 1), (0, 0, 0, 255))
    drawn = np.asarray(dark.drawn_dark(picture))
    assert drawn.shape == (2, 3, 3)
    assert (drawn[0] == dark.GROUND).all() and drawn[1, 2].min() > 200


def test_a_page_gets_both(tmp_path):
    (tmp_path / "_images").mkdir()
    Image.new("RGB", (4, 3), "white").save(tmp_path / "_images/a.png")
    other = '<img alt="b" src="../_static/b.png"/>'
    text = f'<p><img alt="a" class="x" src="../_images/a.png"/>{other}</p>'
    light = '<img class="only-light" width="4" height="3" alt="a" src="../_images/a.png'
    drawn = light.replace("only-light", "only-dark").replace(".png", ".dark.webp")
    both = dark.Pictures(tmp_path).both(text, "chapters/c.html")
    assert both == f'<p>{light}"/>{drawn}"/>{other}</p>'
    with Image.open(tmp_path / "_images/a.dark.webp") as picture:
        assert picture.getpixel((1, 1)) == dark.GROUND


def test_complaints_can_be_made():
    light = np.full((10, 10, 3), 255)
    light[4] = palette()[0]
    drawn = dark.recoloured(light.reshape(-1, 3))
    assert complaints(light, drawn) == []
    dim = np.where(light == 255, dark.GROUND, 60)
    assert any("too near" in words for words in complaints(light, dim))
    assert len(complaints(light, light)) == 2  # a white ground shines


def test_every_figure_of_the_site(site):
    found, pictures = {}, sorted((site / "_images").glob("*.png"))
    assert len(pictures) > 50
    for path in pictures:
        with (
            Image.open(path) as light,
            Image.open(path.with_suffix(".dark.webp")) as drawn,
        ):
            sheet = Image.new("RGBA", light.size, "white")
            sheet.alpha_composite(light.convert("RGBA"))
            wrong = complaints(sheet.convert("RGB"), drawn.convert("RGB"))
        if wrong:
            found[path.name] = wrong[:3]
    assert found == {}


@pytest.mark.parametrize("theme, other", [("dark", "light"), ("light", "dark")])
def test_a_visit_loads_and_shows_those_of_its_theme(chromium, site, theme, other):
    ending = {"dark": ".dark.webp", "light": ".png"}
    with browser.serve(site) as base, browser.launched(chromium) as context:
        visitor = context.browser.new_context(color_scheme=theme)
        page, asked = visitor.new_page(), []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{base}/{CHAPTER}")
        look_through(page)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        shown = page.evaluate(SHOWN)
        assert shown and all(name.endswith(ending[theme]) for name in shown)
        loaded = [url for url in asked if PICTURES.search(url)]
        assert set(loaded) == set(shown)
        first = page.locator(".cell_output img:visible").first
        with Image.open(io.BytesIO(first.screenshot())) as picture:
            picture = picture.convert("RGB")
            corner, shines = picture.getpixel((1, 1)), luminance(picture).mean()
        assert (shines < DARK) == (theme == "dark")
        if theme == "dark":
            ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert ground == f"rgb{dark.GROUND}" and corner == dark.GROUND
        page.evaluate(f"document.documentElement.dataset.theme = '{other}'")
        look_through(page)
        shown = page.evaluate(SHOWN)
        assert shown and all(name.endswith(ending[other]) for name in shown)


def look_through(page):
    """Scroll to each picture and wait until it stands."""
    for picture in page.locator(".cell_output img:visible").all():
        picture.scroll_into_view_if_needed()
        picture.evaluate("(image) => image.decode()")
