"""Small copies of pictures: upright, in the colours of screens, and gone when their file is."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services.files import removals_run
from config.files import pictures
from config.files.errors import FileQuotaError
from config.files.storages import DiskStorage
from config.programs.running import Limits, ProgramFailedError, program_run
from generation import tasks
from generation.models import StoredFile, Thumbnail
from generation.selectors.files import bytes_used
from generation.services import files, orphans
from generation.services.files import file_add, file_delete, object_put
from generation.services.thumbnails import thumbnails_add, thumbnails_make
from tests.generation.files.uploads import FILES, refusal, stored, upload
from tests.support.pictures import picture

pytestmark = pytest.mark.django_db

ClientFor = Callable[[User], APIClient]


@pytest.fixture
def client(alice: User, client_for: ClientFor) -> APIClient:
    return client_for(alice)


def opened(url: str) -> Any:
    answer = APIClient().get(url)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")
    return Image.open(io.BytesIO(b"".join(answer.streaming_content)))


def halves(left: str, right: str, mode: str = "RGB") -> Image.Image:
    image = Image.new("RGB", (1200, 600), left)
    image.paste(right, (600, 0, 1200, 600))
    return image.convert(mode)


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    made = io.BytesIO()
    image.save(made, kind, **options)
    return made.getvalue()


def turned() -> bytes:
    """Red on the left, as the camera lay; shown, it is red above."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return written(halves("red", "blue"), "JPEG", exif=exif)


def animated() -> bytes:
    return written(
        halves("red", "blue"), "WEBP", save_all=True, append_images=[halves("green", "green")], duration=9
    )


def transparent() -> bytes:
    image = halves("red", "blue", "RGBA")
    image.paste((0, 0, 0, 0), (900, 0, 1200, 600))
    return written(image, "PNG")


def is_about(image: Any, place: tuple[float, float], colour: tuple[int, int, int]) -> bool:
    x, y = int(place[0] * image.width), int(place[1] * image.height)
    found = image.convert("RGB").getpixel((x, y))
    return all(abs(one - other) < 40 for one, other in zip(found, colour, strict=True))


def test_whatever_was_sent(client: APIClient) -> None:
    """By the file, the sizes of its thumbnails and where it is red and blue."""
    red, blue = (254, 0, 0), (0, 0, 254)
    lying, upright = ((256, 128), (768, 384)), ((128, 256), (384, 768))
    sent = {
        "png": (written(halves("red", "blue"), "PNG"), lying, (0.2, 0.5), (0.7, 0.5)),
        "palette": (written(halves("red", "blue", "P"), "GIF"), lying, (0.2, 0.5), (0.7, 0.5)),
        "cmyk": (written(halves("red", "blue", "CMYK"), "JPEG"), lying, (0.2, 0.5), (0.7, 0.5)),
        "turned": (turned(), upright, (0.5, 0.2), (0.5, 0.7)),
        "animated": (animated(), lying, (0.2, 0.5), (0.7, 0.5)),
        "transparent": (transparent(), lying, (0.2, 0.5), (0.7, 0.5)),
        "named otherwise": (written(halves("red", "blue"), "JPEG"), lying, (0.2, 0.5), (0.7, 0.5)),
    }
    for case, (content, sizes, where_red, where_blue) in sent.items():
        answer = upload(client, content, "a.png")
        assert answer.status_code == 201, (case, answer.json())
        thumbnails = answer.json()["data"]["thumbnails"]
        assert [(one["edge"], one["width"], one["height"]) for one in thumbnails] == [
            (256, *sizes[0]),
            (768, *sizes[1]),
        ], case
        for one in thumbnails:
            image = opened(one["url"])
            assert image.size == (one["width"], one["height"]), case
            assert getattr(image, "n_frames", 1) == 1, case
            assert is_about(image, where_red, red), case
            assert is_about(image, where_blue, blue), case
        assert ("A" in image.getbands()) == (case == "transparent")


def test_a_small_picture_stays_as_small_and_a_text_has_none(client: APIClient) -> None:
    shown = upload(client, picture("PNG", (40, 30))).json()["data"]["thumbnails"]
    assert [(one["edge"], one["width"], one["height"]) for one in shown] == [(256, 40, 30), (768, 40, 30)]
    assert upload(client, b"<svg><script>alert(1)</script></svg>", "a.svg").json()["data"]["thumbnails"] == []


def test_they_take_nothing_of_the_quota(client: APIClient, alice: User) -> None:
    content = picture()
    upload(client, content)
    assert bytes_used(alice.pk) == len(content)


def test_the_list_links_to_them_and_the_links_stay(client: APIClient) -> None:
    for _ in range(3):
        upload(client, picture())
    rows = client.get(FILES).json()["data"]
    assert [opened(one["url"]).size for row in rows for one in row["thumbnails"]] == [(40, 30)] * 6
    again = client.get(FILES).json()["data"]
    assert [row["thumbnails"] for row in again] == [row["thumbnails"] for row in rows]


def test_a_link_to_one_is_checked_like_any(client: APIClient) -> None:
    file = upload(client, picture()).json()["data"]
    url = file["thumbnails"][0]["url"]
    answer = APIClient().get(url)
    tag = answer.headers["ETag"]
    assert b"".join(answer.streaming_content)
    assert APIClient().get(url, headers={"If-None-Match": tag}).status_code == 304
    assert refusal(APIClient().get(url[:-1] + ("A" if url[-1] != "A" else "B"))) == (403, "FILE_LINK_INVALID")
    assert client.delete(f"{FILES}/{file['id']}").status_code == 204
    assert refusal(APIClient().get(url)) == (404, "FILE_NOT_FOUND")


def test_they_go_with_their_file(client: APIClient) -> None:
    upload(client, picture())
    assert len(stored()) == 3
    file_delete(file=StoredFile.objects.get())
    assert not Thumbnail.objects.exists()
    assert removals_run() == 3
    assert stored() == set()


def test_a_file_that_isnt_kept_leaves_none(
    client: APIClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The quota is used up between the look at the file and its row; or the storage fails at a thumbnail."""

    def full(**_options: Any) -> Any:
        raise FileQuotaError(used=1, limit=1, size=1)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(files, "file_add", full)
        assert refusal(upload(client, picture())) == (409, "FILE_QUOTA_EXCEEDED")
    assert stored() == set()

    save, saved = DiskStorage.save, []

    def fills_up(self: Any, name: str, content: Any) -> str:
        if len(saved) == 2:
            raise OSError(28, "No space left on device")
        saved.append(name)
        return save(self, name, content)

    monkeypatch.setattr(DiskStorage, "save", fills_up)
    assert refusal(upload(client, picture())) == (503, "FILE_STORAGE_UNAVAILABLE")
    assert len(saved) == 2
    assert stored() == set()
    assert not StoredFile.objects.exists()


def test_a_picture_that_cant_be_made_small_is_kept_without(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "SHRINKER", "config.files.nothing")
    file = upload(client, picture()).json()["data"]
    assert (file["width"], file["thumbnails"]) == (40, [])


def test_one_without_a_row_is_an_orphan(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "YOUNGEST", orphans.timedelta(seconds=-60))
    put = object_put(owner_id=alice.pk, source=picture())
    made = thumbnails_make(owner_id=alice.pk, source=picture())
    file = file_add(owner_id=alice.pk, stored=put)
    thumbnails_add(file=file, made=made[:1])
    assert len(stored()) == 3
    assert tasks.clean_orphans() == {"deleted": 1, "missing": 0}
    assert stored() == {put.key, made[0].key}


def test_staff_see_them(client: APIClient, staff: User) -> None:
    upload(client, written(halves("red", "blue"), "PNG"))
    office = Client()
    office.force_login(staff)
    [file] = StoredFile.objects.all()
    listed = office.get(reverse("admin:generation_storedfile_changelist")).text
    assert listed.count('<img src="/files/') == 1
    address = listed.split('<img src="')[1].split('"')[0]
    assert opened(address).size == (256, 128)
    page = office.get(reverse("admin:generation_storedfile_change", args=[file.pk])).text
    assert "256 × 128" in page
    assert "768 × 384" in page


@pytest.mark.parametrize("limits", [Limits(20, 1, 2**30), Limits(1, 20, 2**30), Limits(20, 20, 2**26)])
def test_a_program_ends_at_its_limits(limits: Limits) -> None:
    """Processor time, time by the clock, memory; a lack of memory looks like any other error of the program."""
    with pytest.raises(ProgramFailedError) as caught:
        program_run("tests.support.endless", str(limits.cpu_seconds), source=b"", limits=limits)
    assert caught.value.is_over_limit is (limits.memory == 2**30)


def test_a_program_knows_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-operator")
    known = (
        program_run("tests.support.environment", source=b"", limits=Limits(20, 20, 2**30)).decode().split()
    )
    assert "PATH" in known
    assert "OPENAI_API_KEY" not in known
