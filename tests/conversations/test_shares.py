"""Links by which others read a conversation: what they show, what they don't, and when they end."""

import hashlib
import re
from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Activity, User
from conversations.models import Attachment, Conversation, ConversationShare, Message
from conversations.services import shares
from generation.services.files import file_store
from tests.conversations.factories import CONVERSATIONS, conversation_of

pytestmark = pytest.mark.django_db

ANSWER = """# 步骤

| 茶 | 水温 |
| --- | --- |
| 绿茶 | **80 °C** |

```python
print("<茶>")
```

<script>alert(1)</script> ![x](https://tracker.example/x.png)
"""


@pytest.fixture
def conversation(alice: User) -> Conversation:
    """With much that no reader may see."""
    conversation = conversation_of(
        alice, title="绿茶怎么泡", system_prompt="SECRET-PROMPT", model="SECRET-MODEL"
    )

    def said(role: str, content: str, parent: Message | None = None, **fields: Any) -> Message:
        return Message.objects.create(
            owner=alice, conversation=conversation, role=role, content=content, parent=parent, **fields
        )

    system = said("system", "SECRET-SYSTEM")
    question = said("user", "绿茶怎么泡？", system)
    answer = said(
        "assistant", ANSWER, question, reasoning="SECRET-THOUGHT", provider="SECRET-PROVIDER", answered_by="SECRET-BY",
        cost_micros=987_654_321, context={"x": "SECRET-CONTEXT"},
    )  # fmt: skip
    said("assistant", "SECRET-BRANCH", question)
    conversation.current_message = answer
    conversation.save()
    return conversation


@pytest.fixture
def reader() -> Client:
    """Somebody without an account."""
    return Client()


def shared(client: APIClient, conversation: Conversation, **asked: Any) -> dict[str, Any]:
    answer = client.post(f"{CONVERSATIONS}/{conversation.pk}/shares", asked)
    assert answer.status_code == 201, answer.content
    assert answer.headers["Location"] == f"{CONVERSATIONS}/shares/{answer.json()['data']['id']}"
    made: dict[str, Any] = answer.json()["data"]
    return made


def path_of(share: dict[str, Any]) -> str:
    return share["url"].removeprefix("http://testserver")


class TestPage:
    def test_what_was_said_and_nothing_else(
        self, client: APIClient, reader: Client, alice: User, conversation: Conversation
    ) -> None:
        share = shared(client, conversation)
        assert share["message_count"] == 2
        answer = reader.get(path_of(share))
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "绿茶怎么泡？" in page
        assert "<table" in page
        assert "<strong>80 °C</strong>" in page
        assert 'print("&lt;茶&gt;")' in page
        for secret in (
            "SECRET",
            "987",
            alice.username,
            alice.email,
            str(conversation.pk),
            str(alice.pk),
            share["id"],
        ):
            assert secret not in page
        assert "<script" not in page
        assert reader.cookies == {}

    def test_of_files_it_is_said_how_many(
        self, client: APIClient, reader: Client, alice: User, conversation: Conversation
    ) -> None:
        question = conversation.messages.get(role="user")
        for position in (1, 2):
            file = file_store(owner_id=alice.pk, source=b"SECRET-FILE", name="SECRET-NAME.txt")
            Attachment.objects.create(message=question, file=file, position=position, tokens=9)
        page = path_of(shared(client, conversation))
        english, chinese = (reader.get(page, {"lang": lang}).content.decode() for lang in ("en", "zh"))
        assert "2 files were shown with it, which aren't shared." in english
        assert "该消息附有 2 个文件，未一并分享。" in chinese
        assert "SECRET" not in english + chinese

    def test_a_browser_may_do_nothing_with_it(
        self, client: APIClient, reader: Client, conversation: Conversation
    ) -> None:
        answer = reader.get(path_of(shared(client, conversation)))
        style = re.search(r"<style>(.*)</style>", answer.content.decode(), re.DOTALL)
        assert style
        digest = b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Robots-Tag"].startswith("noindex")
        assert '<meta name="robots" content="noindex' in answer.content.decode()
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer.headers["Cache-Control"]

    def test_in_both_languages(self, client: APIClient, reader: Client, conversation: Conversation) -> None:
        path = path_of(shared(client, conversation))
        english = reader.get(path, headers={"Accept-Language": "en"}).content.decode()
        assert '<html lang="en">' in english
        assert "Assistant" in english
        chinese = reader.get(path, headers={"Accept-Language": "zh-CN"}).content.decode()
        assert '<html lang="zh-CN">' in chinese
        assert "助手" in chinese
        assert reader.get(f"{path}?lang=zh").content.decode() == chinese
        assert (
            "Assistant" in reader.get(f"{path}?lang=en", headers={"Accept-Language": "zh"}).content.decode()
        )
        assert reader.get(f"{path}?lang=xx").status_code == 200

    def test_it_stays_as_it_was(self, client: APIClient, reader: Client, conversation: Conversation) -> None:
        path = path_of(shared(client, conversation))
        before = reader.get(path).content
        for message in conversation.messages.all():
            message.content = "SECRET-LATER"
            message.save()
        conversation.title = "SECRET-LATER"
        conversation.save()
        assert (
            client.post(
                f"{CONVERSATIONS}/{conversation.pk}/messages", {"content": "SECRET-LATER"}
            ).status_code
            == 201
        )
        assert reader.get(path).content == before
        assert client.delete(f"{CONVERSATIONS}/{conversation.pk}").status_code == 204
        assert reader.get(path).status_code == 404

    def test_part_of_it(self, client: APIClient, reader: Client, conversation: Conversation) -> None:
        question = conversation.messages.get(role="user")
        share = shared(client, conversation, message_id=str(question.pk))
        assert share["message_count"] == 1
        assert "步骤" not in reader.get(path_of(share)).content.decode()


class TestGone:
    def test_guessed_revoked_and_expired_look_the_same(
        self, client: APIClient, reader: Client, conversation: Conversation
    ) -> None:
        revoked, expired = shared(client, conversation), shared(client, conversation, expires_in_days=1)
        assert reader.get(path_of(revoked)).status_code == 200
        assert client.delete(f"{CONVERSATIONS}/shares/{revoked['id']}").status_code == 204
        ConversationShare.objects.filter(pk=expired["id"]).update(
            expires_at=timezone.now() - timedelta(seconds=1)
        )
        token = path_of(expired).rpartition("/")[2]
        paths = [
            path_of(revoked), path_of(expired), "/shared/x", f"/shared/{'A' * 43}", f"/shared/{token[:-1]}",
            f"/shared/{token}x", "/shared/%00", "/shared/茶", f"/shared/{'A' * 5_000}", f"/shared/{expired['id']}",
        ]  # fmt: skip
        answers = [reader.get(path) for path in paths]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
        assert len({str(sorted(answer.headers.items())) for answer in map(_without_id, answers)}) == 1
        assert "noindex" in answers[0].headers["X-Robots-Tag"]

    def test_the_token_is_kept_nowhere(self, client: APIClient, conversation: Conversation) -> None:
        share = shared(client, conversation)
        token = path_of(share).rpartition("/")[2]
        assert len(token) == 43
        [row] = ConversationShare.objects.values()
        assert token not in str(row)
        assert token not in str(list(Activity.objects.values()))
        for path in (f"{CONVERSATIONS}/shares", f"{CONVERSATIONS}/shares/{share['id']}"):
            assert token not in client.get(path).content.decode()

    def test_an_expired_row_is_good_until_then(
        self, client: APIClient, reader: Client, conversation: Conversation
    ) -> None:
        share = shared(client, conversation, expires_in_days=30)
        assert reader.get(path_of(share)).status_code == 200
        left = ConversationShare.objects.get().expires_at - timezone.now()
        assert timedelta(days=29) < left <= timedelta(days=30)

    def test_guessing_is_slowed_down(
        self, client: APIClient, reader: Client, conversation: Conversation, settings: Any
    ) -> None:
        settings.LOGIN_LIMIT_MAX_ATTEMPTS = 3
        path = path_of(shared(client, conversation))
        for _ in range(5):
            assert reader.get(path).status_code == 200
        assert [reader.get("/shared/guess").status_code for _ in range(4)] == [404, 404, 404, 429]
        assert reader.get("/shared/guess").headers["Retry-After"]

    def test_only_reading(self, client: APIClient, reader: Client, conversation: Conversation) -> None:
        path = path_of(shared(client, conversation))
        assert reader.head(path).status_code == 200
        assert reader.post(path).status_code in (403, 405)


class TestMaking:
    def test_lists_and_activities(self, client: APIClient, alice: User, conversation: Conversation) -> None:
        share = shared(client, conversation)
        for path in (f"{CONVERSATIONS}/shares", f"{CONVERSATIONS}/{conversation.pk}/shares"):
            assert [one["id"] for one in client.get(path).json()["data"]] == [share["id"]]
        client.delete(f"{CONVERSATIONS}/shares/{share['id']}")
        done = Activity.objects.filter(owner=alice, object_type="conversation_share").order_by("pk")
        assert [one.action for one in done] == ["share_conversation", "unshare_conversation"]

    def test_what_cant_be_shared(
        self, client: APIClient, alice: User, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refused(where: Conversation, **asked: Any) -> tuple[int, str]:
            answer = client.post(f"{CONVERSATIONS}/{where.pk}/shares", asked)
            return answer.status_code, answer.json()["data"]["code"]

        assert refused(conversation_of(alice)) == (422, "NOTHING_TO_SHARE")
        system = conversation.messages.get(role="system")
        assert refused(conversation, message_id=str(system.pk)) == (422, "NOTHING_TO_SHARE")
        assert refused(conversation, message_id=str(conversation.pk)) == (422, "MESSAGE_UNKNOWN")
        assert refused(conversation, expires_in_days=0) == (422, "VALIDATION_FAILED")
        monkeypatch.setattr(shares, "MOST_CHARACTERS", 10)
        assert refused(conversation) == (422, "SHARE_TOO_LARGE")
        monkeypatch.setattr(shares, "MOST_CHARACTERS", 10_000)
        monkeypatch.setattr(shares, "SHARES_PER_CONVERSATION", 0)
        assert refused(conversation) == (422, "SHARE_LIMIT")
        assert not ConversationShare.objects.exists()


def _without_id(answer: Any) -> Any:
    for name in ("X-Request-ID", "Expires"):
        answer.headers.pop(name, None)
    return answer
