"""Staff read a conversation as one."""

import pytest
from django.test import Client

from accounts.models import User
from conversations.services.messages import message_add
from tests.conversations.factories import answered, conversation_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def test_a_long_one_is_read_in_parts(desk: Client, alice: User) -> None:
    conversation = conversation_of(alice, title="茶")
    for number in range(120):
        role = "assistant" if number % 2 else "user"
        message_add(conversation=conversation, role=role, content=f"茶 {number}。")
    address = f"/admin/conversations/conversation/{conversation.pk}/change/"
    latest = desk.get(address)
    assert [one["message"].content for one in latest.context["thread"]] == [
        f"茶 {n}。" for n in range(70, 120)
    ]
    before = desk.get(address, {"end": str(latest.context["earlier"])})
    assert [one["message"].content for one in before.context["thread"]][-1] == "茶 69。"
    first = desk.get(address, {"end": str(before.context["earlier"])})
    assert (len(first.context["thread"]), first.context["earlier"]) == (20, None)
    assert desk.get(address, {"end": "nonsense"}).context["thread"] == latest.context["thread"]


def test_answers_are_formatted_and_run_nothing(desk: Client, alice: User) -> None:
    conversation = conversation_of(alice)
    message_add(conversation=conversation, role="user", content="<script>alert(1)</script>")
    message_add(conversation=conversation, role="assistant", content="**粗** <img src=x onerror=alert(2)>")
    page = desk.get(f"/admin/conversations/conversation/{conversation.pk}/change/").content.decode()
    assert "<strong>粗</strong>" in page
    assert "<script>alert(1)" not in page
    assert "onerror=alert" not in page.replace("&lt;img src=x onerror=alert(2)&gt;", "")


def test_other_branches_are_told(desk: Client, alice: User) -> None:
    conversation = conversation_of(alice)
    first = answered(conversation)
    message_add(conversation=conversation, role="assistant", content="另一种说法", parent_id=first.parent_id)
    page = desk.get(f"/admin/conversations/conversation/{conversation.pk}/change/")
    assert [one["siblings"] for one in page.context["thread"]] == [0, 1]
