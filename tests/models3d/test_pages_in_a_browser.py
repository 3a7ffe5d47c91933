"""The gallery in a real browser: the mesh turns under the page's policy, a phone suffices, and so does a keyboard."""

import io
import os
import time
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from generation.services.files import file_store
from models3d.models import Model3D
from tests.models3d.gallery import public_model
from tests.support.browser import DRAWING, Browser, find_browser
from tests.support.patience import PATIENCE
from tests.support.pictures import picture

NARROW, WIDE = 390, 1440
#: What pages' policies have kept the browser from.
LISTEN = "window.refused = []; addEventListener('securitypolicyviolation', e => refused.push(e.blockedURI))"
IS_SEEN = "Boolean(document.querySelector('model-viewer')?.modelIsVisible)"
#: The skip link, once it is asked for, stands in the window.
SKIPS = (
    "document.activeElement.className === 'skip' && document.activeElement.getBoundingClientRect().top >= 0"
)


def textured() -> bytes:
    """A GLB whose texture lies in it, as most makers write them."""
    import trimesh
    from PIL import Image

    square = trimesh.Trimesh([[0, 0, 0], [0.02, 0, 0], [0.02, 0.02, 0], [0, 0.02, 0]], [[0, 1, 2], [0, 2, 3]])
    square.visual = trimesh.visual.TextureVisuals(
        uv=[[0, 0], [1, 0], [1, 1], [0, 1]], image=Image.open(io.BytesIO(picture()))
    )
    return bytes(square.export(file_type="glb"))


def shown_model(owner: User) -> Model3D:
    """Public, with files that are there."""
    model = public_model(owner, name="绿茶与花茶两用的长嘴茶壶 with a name that goes on", shows_recipe=True)
    files = {
        "file": (textured(), "a.glb"),
        "preview": (picture("WEBP"), "a.webp"),
        "turntable": (picture("WEBP"), "b.webp"),
    }
    version: Any = model.current
    for name, (content, title) in files.items():
        setattr(version, name, file_store(owner_id=owner.pk, source=content, name=title))
    version.save()
    return model


def until(browser: Browser, expression: str) -> None:
    end = time.monotonic() + PATIENCE
    while not browser.run(expression):
        assert time.monotonic() < end, expression
        time.sleep(0.05)


@pytest.mark.system
@pytest.mark.once
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(find_browser() is None, reason="no Chromium or Chrome on this machine")
def test_in_a_browser(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    boss = User.objects.create_superuser("boss", "boss@example.com")
    model = shown_model(boss)
    place = f"{live_server.url}/gallery/{model.pk}"
    with Browser(str(find_browser()), DRAWING) as browser:
        browser.call("Page.addScriptToEvaluateOnNewDocument", source=LISTEN)
        browser.resize(WIDE)
        browser.open(place)
        until(browser, IS_SEEN)
        assert browser.run("window.refused") == []

        for address in (
            place,
            f"{place}/report",
            f"{live_server.url}/gallery",
            f"{live_server.url}/gallery/nope",
        ):
            for language in ("zh", "en"):
                browser.resize(NARROW)
                browser.open(f"{address}?lang={language}")
                assert browser.run("document.documentElement.scrollWidth") <= NARROW, (address, language)

        for kind in ("keyDown", "keyUp"):
            browser.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        until(browser, SKIPS)
        assert browser.run("window.refused") == []

        client = Client()
        client.force_login(boss)
        browser.set_cookie(live_server.url, settings.SESSION_COOKIE_NAME, client.cookies["sessionid"].value)
        browser.resize(WIDE)
        browser.open(live_server.url + reverse("admin:models3d_model3d_change", args=[model.pk]))
        until(browser, IS_SEEN)
