"""Draw every figure a second time, for the dark theme.

The chapters draw on white. When the site is written, each picture gets a second file
whose ground is that of the dark page, and each page shows the one of its theme. Both
are loaded only when they are seen, and what is not shown is not seen, so that a visit
loads one of them.

A colour is taken apart into a share of white and a pure colour, one without white, as
a line is that is drawn with soft edges or half transparent. White becomes the ground,
black becomes nearly white, and a pure colour keeps its hue and gets a lightness that
can be told from the ground and from words on it. So a soft edge stays soft, and of a
map of colours what was pale is near the ground and what was strong is far from it.

Lightness and hue are those of Oklab: B. Ottosson, "A perceptual color space for image
processing", 2020.
"""

import re
from pathlib import Path
from posixpath import dirname, join, normpath

import numpy as np
from PIL import Image

GROUND = (18, 18, 18)  # of a page in the dark theme
# The lightness of pure colours on white, and theirs on the ground. The blue of the
# palette stays apart from its light blue, and yellow and orange do not drown words.
LIGHTNESS = ((0.0, 0.53, 0.63, 0.76, 1.0), (0.95, 0.69, 0.60, 0.67, 0.70))
COLOURED = 0.1  # the chroma from which a colour counts as one, and not as a grey
POWERS = 1.4, 2.0  # of the share of white, for greys and colours: both are lifted
HALVINGS = 12  # of the chroma, to find the most that a screen can show
PICTURE = re.compile(r'<img\b[^>]*\bsrc="([^"]*_images/[^"/]+\.png)"[^>]*>')
CLASS = re.compile(r'\sclass="[^"]*"')

CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
OPPONENTS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(rgb):
    """Intensities from 0 to 1 of colours of a screen from 0 to 255."""
    c = np.asarray(rgb, dtype=float) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def on_screen(intensities):
    """Colours of a screen, whole numbers from 0 to 255, of intensities."""
    c = np.clip(intensities, 0, 1)
    c = np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055)
    return np.rint(255 * c).astype(np.uint8)


def oklab(rgb):
    """Lightness and the two opponent numbers, (n, 3), of colours (n, 3)."""
    return np.cbrt(linear(rgb) @ CONES.T) @ OPPONENTS.T


def intensities(lab):
    """The intensities of colours in Oklab; outside 0 to 1 where no screen shows one."""
    return (lab @ np.linalg.inv(OPPONENTS).T) ** 3 @ np.linalg.inv(CONES).T


def shown(lab):
    """The same lightness and hue, with as much chroma as a screen can show."""
    least, most = np.zeros(len(lab)), np.ones(len(lab))
    for _ in range(HALVINGS):
        share = (least + most) / 2
        found = intensities(lab * np.stack([np.ones_like(share), share, share], 1))
        fits = ((found > -1e-4) & (found < 1 + 1e-4)).all(axis=1)
        least, most = np.where(fits, share, least), np.where(fits, most, share)
    return lab * np.stack([np.ones_like(least), least, least], 1)


def recoloured(rgb):
    """Colours on the dark ground, (n, 3), in the place of colours on white, (n, 3)."""
    rgb = np.asarray(rgb, dtype=float)
    white = rgb.min(axis=1, keepdims=True)
    share = 1 - white / 255  # of the pure colour; the rest is white
    pure = oklab(np.divide(rgb - white, share, where=share > 0, out=0 * rgb))
    coloured = np.minimum(np.hypot(pure[:, 1:2], pure[:, 2:]) / COLOURED, 1)
    pure[:, 0] = np.interp(pure[:, 0], *LIGHTNESS)
    grey, colour = POWERS
    weight = 1 - (1 - share) ** (grey + (colour - grey) * coloured)
    ground = oklab([GROUND])
    return on_screen(intensities(shown(ground + weight * (shown(pure) - ground))))


def drawn_dark(picture):
    """A picture for the dark theme from one on white, which may be transparent."""
    sheet = Image.new("RGBA", picture.size, "white")
    sheet.alpha_composite(picture.convert("RGBA"))
    pixels = np.asarray(sheet.convert("RGB")).reshape(-1, 3)
    codes = pixels.astype(int) @ [1 << 16, 1 << 8, 1]
    used, places = np.unique(codes, return_inverse=True)
    colours = np.stack([used >> 16, used >> 8 & 255, used & 255], axis=1)
    width, height = picture.size
    return Image.fromarray(recoloured(colours)[places.reshape(height, width)])


class Pictures:
    """The pictures of a site, each drawn dark once."""

    def __init__(self, folder):
        self.folder, self.sizes = Path(folder), {}

    def size(self, name):
        """Width and height of a picture; a file beside it has it dark."""
        if name not in self.sizes:
            with Image.open(self.folder / name) as picture:
                self.sizes[name] = picture.size
                target = (self.folder / name).with_suffix(".dark.webp")
                drawn_dark(picture).save(target, lossless=True)
        return self.sizes[name]

    def both(self, text, page):
        """The page with a picture for each theme in the place of one."""

        def replaced(match):
            name = normpath(join(dirname(page), match[1]))
            width, height = self.size(name)
            tag = CLASS.sub("", match[0])
            size = "" if "width=" in tag else f' width="{width}" height="{height}"'
            light = tag.replace("<img", f'<img class="only-light"{size}', 1)
            dark = tag.replace("<img", f'<img class="only-dark"{size}', 1)
            return light + dark.replace(match[1], f"{match[1][:-4]}.dark.webp", 1)

        return PICTURE.sub(replaced, text)


def draw(app, exception):
    """Give the written pages their dark pictures."""
    if exception or app.builder.name != "html":
        return
    pictures = Pictures(app.outdir)
    for path in sorted(Path(app.outdir).rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        page = path.relative_to(app.outdir).as_posix()
        changed = pictures.both(text, page)
        if changed != text:
            path.write_text(changed, encoding="utf-8")


def setup(app):
    """Register with Sphinx, before the pages are made light."""
    app.connect("build-finished", draw, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
