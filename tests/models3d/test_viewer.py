"""The viewer that we serve ourselves is the published one, and asks nobody else for anything."""

import hashlib
import re
from base64 import b64encode
from pathlib import Path

from django.contrib.staticfiles import finders

from models3d.api.pages import VIEWER_STYLE

#: SHA-256 of `package/dist/model-viewer.min.js` in the npm package `@google/model-viewer` 4.4.0.
PUBLISHED = "18b2e711035aa4705ee281530a55dc2338ff05eed3d70ae16d54105282a75ed5"
#: Its last line, which we leave out: the map isn't served, and hashed names need every file that a file names.
SOURCE_MAP = b"//# sourceMappingURL=model-viewer.min.js.map\n"
#: Where it would get decoders and environments that few models need; `settings.js` says that they are nowhere.
ELSEWHERE = re.compile(rb'https?://(?:www\.gstatic\.com|cdn\.)[^"`]+')


def served(name: str) -> bytes:
    path = finders.find(f"model_viewer/{name}")
    assert path
    return Path(str(path)).read_bytes()


def test_it_is_the_published_file() -> None:
    assert hashlib.sha256(served("model-viewer.min.js") + SOURCE_MAP).hexdigest() == PUBLISHED
    assert b"Apache License" in served("LICENSE")


def test_pages_allow_the_style_sheet_that_it_brings() -> None:
    """Browsers take a style sheet inside of a page only by its hash."""
    [style] = re.findall(rb"<style>(.*?)</style>", served("model-viewer.min.js"), re.DOTALL)
    assert f"sha256-{b64encode(hashlib.sha256(style).digest()).decode()}" == VIEWER_STYLE


def test_what_it_would_load_from_elsewhere_is_turned_off() -> None:
    places = {
        "dracoDecoderLocation": b"draco",
        "ktx2TranscoderLocation": b"basis-universal",
        "lottieLoaderLocation": b"LottieLoader",
    }
    found = ELSEWHERE.findall(served("model-viewer.min.js"))
    assert len(found) == len(places)
    assert all(any(word in address for address in found) for word in places.values())
    turned_off = re.findall(r'(\w+): "/static/model_viewer/not-here/"', served("settings.js").decode())
    assert set(turned_off) == set(places)
