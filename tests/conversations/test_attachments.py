"""Attachments: by reference, looked at before anything is bought, and shown to models that can take them."""

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from conversations.domain import limits
from conversations.models import Attachment, Conversation, Message
from conversations.services.retention import messages_purge
from generation.errors import ModelTakesNoImagesError
from generation.models import Job, StoredFile
from generation.services.files import file_store
from tests.architecture.test_locks import Lock, lock
from tests.conversations.factories import CONVERSATIONS, answered, conversation_of, run_reply
from tests.support import scripted_llm
from tests.support.catalogue import model_make
from tests.support.meshes import glb
from tests.support.pictures import picture, png_bomb

__all__ = ["lock"]

pytestmark = pytest.mark.django_db

MENU = "绿茶：二十元\n红茶：三十元"


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return conversation_of(alice, title="茶")


@pytest.fixture
def path(conversation: Conversation) -> str:
    return f"{CONVERSATIONS}/{conversation.pk}"


@pytest.fixture
def menu(alice: User) -> StoredFile:
    return file_store(owner_id=alice.pk, source=MENU.encode(), name='茶单 "menu".txt')


@pytest.fixture
def photo(alice: User) -> StoredFile:
    return file_store(owner_id=alice.pk, source=picture("PNG", (40, 30)), name="茶馆.png")


@pytest.fixture
def models(providers: Any) -> None:
    """One that sees, and one that doesn't."""
    model_make("deepseek", "sees", price=(1_000_000, 1_000_000, 1_000_000), has_vision=True)
    model_make("deepseek", "blind", price=(1_000_000, 1_000_000, 1_000_000))


def fault(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["data"]["code"]


@pytest.mark.parametrize("key", ["", "once"])
def test_files_are_read_before_anything_is_locked(
    client: APIClient, path: str, menu: StoredFile, lock: Lock, key: str
) -> None:
    """Also where the work and its kept answer are one transaction."""
    headers = {"Idempotency-Key": key} if key else {}
    for end in ("messages", "reply/estimate", "reply"):
        answer = client.post(
            f"{path}/{end}", {"content": "这是什么？", "file_ids": [str(menu.pk)]}, headers=headers
        )
        assert answer.status_code < 300
    assert not lock.slow


def asked_with(client: APIClient, path: str, *files: StoredFile, model: str = "sees", **body: Any) -> Any:
    ids = [str(file.pk) for file in files]
    return client.post(f"{path}/reply", {"content": "这是什么？", "file_ids": ids, "models": [model], **body})


def written(answer: Any) -> Message:
    assert answer.status_code == 202, answer.content
    run_reply(answer.json()["data"]["id"])
    return Message.objects.get(pk=answer.json()["data"]["messages"][0]["id"])


def test_a_model_reads_texts_and_sees_images(
    client: APIClient, path: str, models: None, menu: StoredFile, photo: StoredFile
) -> None:
    message = written(asked_with(client, path, menu, photo))
    [said] = scripted_llm.calls[-1][1].messages
    assert said.content.startswith("这是什么？\n\n<data name=\"1. 茶单 'menu'.txt\"")
    assert MENU in said.content
    [image] = said.images
    assert (image.media_type, image.width, image.height) == ("image/png", 40, 30)
    assert image.data.startswith(b"\x89PNG")
    assert (message.context["images"], message.context["images_left_out"]) == (1, 0)
    shown = client.get(f"{path}/messages/{message.parent_id}").json()["data"]["attachments"]
    assert [(one["file_id"], one["media_type"]) for one in shown] == [
        (str(menu.pk), "text/plain"), (str(photo.pk), "image/png"),
    ]  # fmt: skip


def test_the_sandbox_says_what_it_sees(client: APIClient, path: str, photo: StoredFile) -> None:
    message = written(asked_with(client, path, photo, model="sandbox"))
    assert "image/png, 40 × 30" in message.content


def test_images_are_refused_by_models_that_read_none_and_nothing_is_bought(
    client: APIClient, path: str, models: None, photo: StoredFile
) -> None:
    for place in ("reply", "reply/estimate"):
        body = {"content": "?", "file_ids": [str(photo.pk)], "models": ["blind"]}
        answer = client.post(f"{path}/{place}", body)
        assert fault(answer) == (ModelTakesNoImagesError.status, ModelTakesNoImagesError.code)
        assert "deepseek:sees" in answer.json()["data"]["details"]["choices"]
    assert not Message.objects.exists()
    assert not Job.objects.exists()


def test_earlier_images_stay_behind_where_the_next_model_reads_none(
    client: APIClient, path: str, models: None, menu: StoredFile, photo: StoredFile
) -> None:
    written(asked_with(client, path, menu, photo))
    message = written(asked_with(client, path, model="blind"))
    said = scripted_llm.calls[-1][1].messages[0]
    assert (said.images, MENU in said.content) == ((), True)
    assert (message.context["images"], message.context["images_left_out"]) == (0, 1)
    again = written(asked_with(client, path))
    assert again.context["images"] == 1
    assert len(scripted_llm.calls[-1][1].messages[0].images) == 1


@pytest.mark.parametrize("place", ["reply", "reply/estimate", "messages"])
def test_a_strangers_file_is_no_file(client: APIClient, path: str, bob: User, place: str) -> None:
    theirs = file_store(owner_id=bob.pk, source=b"secret", name="x.txt")
    for pk in (theirs.pk, uuid4()):
        answer = client.post(f"{path}/{place}", {"content": "?", "file_ids": [str(pk)]})
        assert fault(answer) == (422, "FILE_UNKNOWN")
        assert str(pk) in answer.json()["data"]["message"]
    assert not Message.objects.exists()


@pytest.mark.parametrize("place", ["reply", "reply/estimate", "messages"])
def test_a_mesh_is_shown_to_no_model(client: APIClient, path: str, alice: User, place: str) -> None:
    mesh = file_store(owner_id=alice.pk, source=glb(), name="茶杯.glb")
    answer = client.post(f"{path}/{place}", {"content": "?", "file_ids": [str(mesh.pk)]})
    assert fault(answer) == (422, "ATTACHMENT_TYPE_REFUSED")
    assert answer.json()["data"]["details"] == {"file_id": str(mesh.pk)}


def test_what_is_too_large_or_too_many_is_refused(
    client: APIClient,
    path: str,
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
    menu: StoredFile,
    photo: StoredFile,
) -> None:
    for name, file in (
        ("ATTACHED_TEXT_BYTES", menu),
        ("ATTACHED_IMAGE_BYTES", photo),
        ("ATTACHED_IMAGE_SIDE", photo),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(limits, name, 30)
            answer = asked_with(client, path, file, model="sandbox")
        assert fault(answer) == (422, "ATTACHMENT_TOO_LARGE")
        assert answer.json()["data"]["details"] == {"file_id": str(file.pk)}
    many = [str(uuid4()) for _ in range(limits.ATTACHMENTS + 1)]
    assert fault(client.post(f"{path}/reply", {"content": "?", "file_ids": many})) == (
        422,
        "VALIDATION_FAILED",
    )
    assert not Message.objects.exists()


def test_an_image_bomb_never_gets_as_far(client: APIClient, path: str, alice: User) -> None:
    from config.files.errors import PictureTooLargeError

    with pytest.raises(PictureTooLargeError):
        file_store(owner_id=alice.pk, source=png_bomb(), name="bomb.png")


def test_a_text_that_does_not_fit_is_refused_before_anything_is_bought(
    client: APIClient, path: str, alice: User, providers: Any
) -> None:
    model_make("deepseek", "small", price=(1, 1, 1), context_tokens=2_000)
    long = file_store(owner_id=alice.pk, source=("长" * 5_000).encode(), name="long.txt")
    assert fault(asked_with(client, path, long, model="small")) == (422, "MESSAGE_TOO_LONG")
    assert not Message.objects.exists()


def test_the_quote_counts_them(
    client: APIClient, path: str, models: None, photo: StoredFile, menu: StoredFile
) -> None:
    def most(*files: StoredFile) -> int:
        body = {"content": "?", "models": ["sees"], "file_ids": [str(file.pk) for file in files]}
        return int(client.post(f"{path}/reply/estimate", body).json()["data"]["cost"]["most_micros"])

    assert most() < most(menu) < most(photo) < most(menu, photo)
    assert most(menu, menu) == most(menu)
    assert not Message.objects.exists()


def test_a_file_stays_as_long_as_a_message_has_it(
    client: APIClient, path: str, alice: User, conversation: Conversation, menu: StoredFile
) -> None:
    message = written(asked_with(client, path, menu, model="sandbox"))
    assert fault(client.delete(f"/api/v1/files/{menu.pk}")) == (409, "FILE_IN_USE")
    messages_purge([message.parent_id])  # type: ignore[list-item]
    assert not Attachment.objects.exists()
    assert client.delete(f"/api/v1/files/{menu.pk}").status_code == 204


def test_other_branches_and_forks_have_the_same_files(
    client: APIClient, path: str, conversation: Conversation, menu: StoredFile, photo: StoredFile
) -> None:
    message = written(asked_with(client, path, menu, model="sandbox"))
    edit = f"{path}/messages/{message.parent_id}/edit"

    def files_of(answer: Any) -> list[Any]:
        question = Message.objects.get(pk=written(answer).parent_id)
        return [one.file_id for one in question.attachments.order_by("position")]

    assert files_of(client.post(edit, {"content": "那是什么？"})) == [menu.pk]
    assert files_of(client.post(edit, {"content": "那呢？", "file_ids": [str(photo.pk)]})) == [photo.pk]
    assert files_of(client.post(edit, {"content": "没了？", "file_ids": []})) == []
    fork = client.post(f"{path}/fork", {"message_id": str(message.pk)}).json()["data"]["id"]
    assert list(Attachment.objects.filter(message__conversation=fork).values_list("file", flat=True)) == [
        menu.pk
    ]


def test_a_message_that_is_ready_may_have_some(client: APIClient, path: str, menu: StoredFile) -> None:
    body = {"content": "看", "file_ids": [str(menu.pk)]}
    added = client.post(f"{path}/messages", body).json()["data"]
    assert [one["name"] for one in added["attachments"]] == [menu.name]


def test_what_is_answered_again_has_its_files_still(
    client: APIClient, path: str, conversation: Conversation, models: None, menu: StoredFile
) -> None:
    message = written(asked_with(client, path, menu))
    written(client.post(f"{path}/messages/{message.pk}/regenerate", {"models": ["blind"]}))
    assert MENU in scripted_llm.calls[-1][1].messages[0].content
    conversation.refresh_from_db()
    answered(conversation, "然后呢？")
    assert MENU in scripted_llm.calls[-1][1].messages[0].content
