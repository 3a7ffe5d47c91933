"""Files in the admin: seen, found, opened; nothing is written there."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from generation.models import StoredFile
from generation.services.files import file_store
from tests.support.pictures import picture
from tests.support.speaking import speak

pytestmark = pytest.mark.django_db

LIST = "admin:generation_storedfile_changelist"
PAGE = "admin:generation_storedfile_change"


@pytest.fixture
def back_office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def test_pictures_are_seen_in_the_list(back_office: Client, alice: User) -> None:
    shown = file_store(owner_id=alice.pk, source=picture(), name="茶馆.png")
    file_store(owner_id=alice.pk, source="茶".encode(), name="诗.txt")
    page = speak(back_office, "en").get(reverse(LIST)).text
    assert page.count('<img src="/files/') == 1
    assert 'alt="茶馆.png" loading="lazy"' in page
    assert "40 × 30" in page
    address = page.split('<img src="')[1].split('"')[0]
    answer = Client().get(address)
    assert b"".join(answer.streaming_content) == picture()

    page = speak(back_office, "zh-hans").get(reverse(PAGE, args=[shown.pk])).text
    for words in ("图片", "像素", "SHA-256", "存储中的键", shown.key, shown.sha256, "打开"):
        assert words in page


def test_they_are_found(back_office: Client, alice: User, bob: User) -> None:
    file = file_store(owner_id=alice.pk, source=b"a", name="茶馆 tea.txt")
    other = file_store(owner_id=bob.pk, source=b"b", name="other.txt")

    def found(**query: str) -> list[StoredFile]:
        return list(back_office.get(reverse(LIST), query).context["cl"].result_list)

    assert found(q=str(file.pk)) == [file]
    assert found(q="茶馆") == [file]
    assert found(q="bob") == [other]
    assert found(media_type="text/plain") == [other, file]
    assert found(missing_since__isempty="0") == []


def test_a_file_that_is_missing_isnt_shown(back_office: Client, alice: User) -> None:
    file = file_store(owner_id=alice.pk, source=picture(), name="茶馆.png")
    StoredFile.objects.update(missing_since=file.created_at)
    assert "<img src" not in back_office.get(reverse(PAGE, args=[file.pk])).text.split("<main")[-1]
