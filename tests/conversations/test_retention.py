"""What goes by itself: old texts, by the conversation's word or the account's, and temporary conversations."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from conversations.models import Conversation, ConversationShare, Message
from conversations.services.conversations import conversation_update
from conversations.services.retention import conversations_clean_up, settings_update
from conversations.services.shares import share_create
from generation.models import ProviderCall
from tests.conversations.factories import CONVERSATIONS, answered, asked, conversation_of

pytestmark = pytest.mark.django_db


def clean_up_in(**span: Any) -> dict[str, int]:
    """A round of the clock, so much later."""
    now = timezone.now() + timedelta(**span)
    with patch("conversations.services.retention.timezone.now", return_value=now):
        return conversations_clean_up()


class TestTexts:
    def test_they_go_by_the_conversations_word(self, client: APIClient, alice: User) -> None:
        short = conversation_of(alice, retention_days=7)
        answer = answered(short, "绿茶怎么泡？")
        kept = answered(conversation_of(alice), "红茶怎么泡？")
        assert ProviderCall.objects.get(job_id=answer.pk).result is not None
        assert clean_up_in(days=6, hours=23)["purged"] == 0
        assert clean_up_in(days=7, minutes=1)["purged"] == 2
        shown = client.get(f"{CONVERSATIONS}/{short.pk}/messages/{answer.pk}").json()["data"]
        assert (shown["content"], shown["output_tokens"]) == ("", answer.output_tokens)
        assert shown["purged_at"]
        assert client.get(f"{CONVERSATIONS}/search", {"search": "绿茶"}).json()["data"] == []
        assert ProviderCall.objects.get(job_id=answer.pk).result is None
        kept.refresh_from_db()
        assert kept.content
        assert clean_up_in(days=8)["purged"] == 0

    def test_they_go_by_the_accounts_word_where_the_conversation_has_none(
        self, client: APIClient, alice: User, bob: User
    ) -> None:
        answer = client.patch(f"{CONVERSATIONS}/settings", {"retention_days": 30})
        assert answer.json()["data"] == {"retention_days": 30}
        assert client.get(f"{CONVERSATIONS}/settings").json()["data"] == {"retention_days": 30}
        answered(conversation_of(alice))
        longer = answered(conversation_of(alice, retention_days=60))
        others = answered(conversation_of(bob))
        assert clean_up_in(days=31)["purged"] == 2
        for message in (longer, others):
            message.refresh_from_db()
            assert message.content
        client.patch(f"{CONVERSATIONS}/settings", {"retention_days": None}, format="json")
        assert clean_up_in(days=40)["purged"] == 0

    @pytest.mark.parametrize("days", [0, -1, 3651, "7", 1.5])
    def test_the_account_says_days(self, client: APIClient, days: Any) -> None:
        assert client.patch(f"{CONVERSATIONS}/settings", {"retention_days": days}).status_code == 422

    def test_what_is_being_written_stays(self, alice: User) -> None:
        reply = asked(conversation_of(alice, retention_days=1))
        assert clean_up_in(days=2)["purged"] == 1
        assert Message.objects.get(pk=reply.pk).purged_at is None

    def test_a_title_made_of_the_texts_goes_with_them(self, alice: User) -> None:
        made, given = conversation_of(alice, retention_days=1), conversation_of(alice, retention_days=1)
        for conversation in (made, given):
            answered(conversation)
        Conversation.objects.filter(pk=made.pk).update(title="绿茶", search_text="绿茶")
        given.refresh_from_db()
        conversation_update(conversation=given, title="绿茶")
        clean_up_in(days=2)
        assert [one.title for one in Conversation.objects.order_by("pk")] == ["", "绿茶"]


class TestTemporary:
    def test_they_go_a_day_after_the_last_message(self, alice: User) -> None:
        short, kept = conversation_of(alice, is_temporary=True), conversation_of(alice)
        for conversation in (short, kept):
            answered(conversation)
        assert clean_up_in(hours=23)["deleted"] == 0
        assert clean_up_in(hours=25)["deleted"] == 1
        assert list(Conversation.objects.all()) == [kept]
        assert ProviderCall.objects.filter(result__isnull=True).count() == 1

    def test_a_reply_that_runs_there_stops(self, alice: User) -> None:
        asked(conversation_of(alice, is_temporary=True))
        assert clean_up_in(hours=25)["deleted"] == 1
        assert not Message.objects.exists()


def test_links_go_a_month_after_they_have_expired(alice: User) -> None:
    conversation = conversation_of(alice)
    answered(conversation)
    share_create(conversation=conversation, expires_in_days=1)
    kept, _ = share_create(conversation=conversation)
    assert clean_up_in(days=30)["expired"] == 0
    assert clean_up_in(days=32)["expired"] == 1
    assert list(ConversationShare.objects.all()) == [kept]


def test_an_account_says_it_once(alice: User) -> None:
    rows = [settings_update(owner_id=alice.pk, retention_days=days) for days in (1, 2)]
    assert rows[0].pk == rows[1].pk
