"""Staff see whose own keys there are and what is wrong with them, and switch them off; never what they say."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ProviderKey, User
from accounts.selectors.keys import provider_keys_for
from accounts.services.keys import key_create, key_refused
from config.crypto import Secret
from tests.support.speaking import speak

LIST = reverse("admin:accounts_providerkey_changelist")
KEY = "sk-marked-0123456789-wxyz"


@pytest.fixture
def back_office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def keep(owner: User, name: str, secret: str = KEY, **fields: Any) -> ProviderKey:
    return key_create(owner_id=owner.pk, name=name, secret=Secret(secret), **{"provider": "openai", **fields})


def page_of(key: ProviderKey, action: str = "change") -> str:
    return reverse(f"admin:accounts_providerkey_{action}", args=[key.pk])


def found(back_office: Client, query: dict[str, str]) -> set[str]:
    return {row.name for row in back_office.get(LIST, query).context["cl"].result_list}


def act(client: Client, action: str, *keys: ProviderKey) -> Any:
    return client.post(LIST, {"action": action, "_selected_action": [str(key.pk) for key in keys]})


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_shows_the_end_of_a_key_and_why_it_was_refused(
    back_office: Client, alice: User, language: str
) -> None:
    key = keep(alice, "团队 🔑", model_name="gpt-4o", input_micros=150_000, output_micros=600_000)
    key_refused(key.pk, "PROVIDER_AUTH_FAILED")
    key.refresh_from_db()
    speak(back_office, language)
    page = back_office.get(page_of(key)).text
    for text in (page, back_office.get(LIST).text):
        assert "…wxyz" in text
        assert "团队 🔑" in text
        assert "alice" in text
        assert "marked" not in text
        assert key.secret.stored not in text
        assert key.secret.stored.partition(":")[2] not in text
    assert "PROVIDER_KEY_REFUSED" in page
    assert "USD 0.15" in page


def test_is_looked_at_and_not_changed(back_office: Client, alice: User) -> None:
    key = keep(alice, "一")
    assert back_office.post(page_of(key), {"name": "二", "secret": "sk-2"}).status_code == 403
    assert back_office.post(page_of(key, "delete"), {"post": "yes"}).status_code == 403
    assert back_office.get(LIST + "add/").status_code == 403
    assert ProviderKey.objects.get().name == "一"


def test_search_and_filters(back_office: Client, alice: User, bob: User) -> None:
    first = keep(alice, "一")
    keep(alice, "二", "sk-another-0123456789-abcd", provider="deepseek", is_active=False)
    third = keep(bob, "三")
    key_refused(third.pk, "PROVIDER_QUOTA_EXHAUSTED")
    for query, names in (
        ({"q": "alice"}, {"一", "二"}),
        ({"q": "ALI"}, {"一", "二"}),
        ({"q": "abcd"}, {"二"}),
        ({"q": str(bob.pk)}, {"三"}),
        ({"q": str(first.pk)}, {"一"}),
        ({"q": KEY}, set()),
        ({"provider__exact": "deepseek"}, {"二"}),
        ({"is_active__exact": "0"}, {"二"}),
        ({"refused": "yes"}, {"三"}),
        ({"refused": "no"}, {"一", "二"}),
    ):
        assert found(back_office, query) == names, query


def test_staff_switch_keys_off_and_on(
    back_office: Client, alice: User, bob: User, django_capture_on_commit_callbacks: Any
) -> None:
    keys = [keep(alice, "一"), keep(bob, "二")]

    def said(action: str, *chosen: ProviderKey) -> str:
        with django_capture_on_commit_callbacks(execute=True):
            answer = act(back_office, action, *chosen)
        return [str(message) for message in get_messages(answer.wsgi_request)][-1]

    assert len(provider_keys_for(alice.pk)) == 1
    assert said("deactivate", *keys) == "2 keys are inactive."
    assert provider_keys_for(alice.pk) == provider_keys_for(bob.pk) == ()
    assert "changed in the meantime" in said("deactivate", keys[0])
    assert said("activate", *keys) == "2 keys are active."
    assert len(provider_keys_for(bob.pk)) == 1


def test_who_may_only_look_cant_switch(alice: User, bob: User) -> None:
    key = keep(alice, "一")
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    bob.user_permissions.add(Permission.objects.get(codename="view_providerkey"))
    client = Client()
    client.force_login(User.objects.get(pk=bob.pk))
    assert client.get(page_of(key)).status_code == 200
    act(client, "deactivate", key)
    assert ProviderKey.objects.get().is_active


def test_the_list_costs_the_same_for_many(back_office: Client, alice: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            back_office.get(LIST)
        return len(asked)

    keep(alice, "0")
    queries()
    before = queries()
    for number in range(9):
        keep(alice, str(number))
    assert queries() == before
