"""Publishing: under a licence, once, and only what may be."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Activity, User
from models3d.models import Model3D
from tests.models3d.gallery import MODELS, PUBLIC, names, private_model, public_model, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine(client_for: Any, alice: User) -> APIClient:
    return client_for(alice)


def publish(client: APIClient, model: Model3D, **body: Any) -> Any:
    return client.post(f"{MODELS}/{model.pk}/publish", body, format="json")


def test_a_model_is_published_and_taken_back(mine: APIClient, alice: User, anonymous: APIClient) -> None:
    model = private_model(alice, name="茶壶", licence="")
    assert refused(publish(mine, model)) == (422, "MODEL_NEEDS_LICENCE")
    shown = publish(mine, model, licence="CC-BY-4.0", shows_recipe=True).json()["data"]
    assert (shown["visibility"], shown["licence"], shown["shows_recipe"]) == ("public", "CC-BY-4.0", True)
    assert names(anonymous.get(PUBLIC)) == ["茶壶"]
    for _ in range(2):
        taken = mine.post(f"{MODELS}/{model.pk}/unpublish").json()["data"]
        assert taken["visibility"] == "private"
    assert names(anonymous.get(PUBLIC)) == []
    told = Activity.objects.filter(owner=alice, action__endswith="publish_model").order_by("pk")
    assert [one.action for one in told] == ["publish_model", "unpublish_model"]


def test_publishing_again_gets_nobody_to_the_top(mine: APIClient, alice: User, anonymous: APIClient) -> None:
    old = public_model(alice, name="old", day=1)
    public_model(alice, name="new", day=2)
    before = Model3D.objects.get(pk=old.pk)
    mine.post(f"{MODELS}/{old.pk}/unpublish")
    assert publish(mine, old, licence="MIT").status_code == 200
    after = Model3D.objects.get(pk=old.pk)
    assert (after.published_at, after.trend, after.licence) == (before.published_at, before.trend, "MIT")
    assert names(anonymous.get(PUBLIC)) == ["new", "old"]


def test_what_may_not_be_public_stays_private(mine: APIClient, alice: User) -> None:
    unmade = private_model(alice, current=None)
    assert refused(publish(mine, unmade)) == (409, "MODEL_WRONG_STATE")
    test = private_model(alice, from_test_token=True)
    assert refused(publish(mine, test)) == (409, "MODEL_IS_TEST")
    hidden = private_model(alice, hidden_at=timezone.now(), hidden_reason="spam")
    assert refused(publish(mine, hidden)) == (409, "MODEL_HIDDEN")
    plain = private_model(alice)
    for body in (
        {"licence": "WTFPL"},
        {"licence": ""},
        {"licence": None},
        {"shows_recipe": "yes"},
        {"public": True},
    ):
        assert refused(publish(mine, plain, **body)) == (422, "VALIDATION_FAILED")
    assert not Model3D.objects.public().exists()


def test_a_remix_follows_the_licence_of_its_parent(mine: APIClient, alice: User, bob: User) -> None:
    cases = {
        ("CC-BY-SA-4.0", "CC-BY-SA-4.0"): 200,
        ("CC-BY-SA-4.0", "CC-BY-4.0"): 422,
        ("CC-BY-NC-4.0", "CC-BY-4.0"): 422,
        ("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0"): 200,
        ("CC-BY-ND-4.0", "CC-BY-ND-4.0"): 422,
        ("CC0-1.0", "LicenseRef-All-Rights-Reserved"): 200,
    }
    for (parent, licence), status in cases.items():
        model = private_model(alice, remix_of=public_model(bob, licence=parent))
        answer = publish(mine, model, licence=licence)
        assert answer.status_code == status, (parent, licence)
        if status == 422:
            assert refused(answer) == (422, "MODEL_REMIX_LICENCE")
    own = private_model(alice, remix_of=public_model(alice, licence="CC-BY-ND-4.0"))
    assert publish(mine, own, licence="MIT").status_code == 200, "one's own may be anything"


def test_the_licence_of_a_published_remix_can_t_slip_away(mine: APIClient, alice: User, bob: User) -> None:
    parent = public_model(bob, licence="CC-BY-SA-4.0")
    model = public_model(alice, remix_of=parent, licence="CC-BY-SA-4.0")
    answer = mine.patch(f"{MODELS}/{model.pk}", {"licence": "MIT"})
    assert refused(answer) == (422, "MODEL_REMIX_LICENCE")
    assert Model3D.objects.get(pk=model.pk).licence == "CC-BY-SA-4.0"
