"""Likes, favourites, views: each once, and the counters are their numbers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Activity, User
from accounts.services.deletion import account_delete
from models3d.models import Model3D, ModelFavourite, ModelLike, ModelView
from models3d.selectors.counters import counter_drifts
from models3d.services import interactions
from models3d.services.interactions import download_record, view_record
from tests.models3d.gallery import MODELS, PUBLIC, private_model, public_model, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(alice: User) -> Model3D:
    return public_model(alice, name="茶壶")


@pytest.fixture
def reader(client_for: Any, bob: User) -> APIClient:
    return client_for(bob)


def drifts() -> list[Any]:
    return counter_drifts(Model3D.objects.all())


@pytest.mark.parametrize(
    ("path", "is_so", "counter", "rows"),
    [("like", "is_liked", "likes", ModelLike), ("favorite", "is_favorite", "favorites", ModelFavourite)],
)
def test_a_mark_is_set_as_often_as_one_likes_and_counts_once(
    model: Model3D, reader: APIClient, bob: User, path: str, is_so: str, counter: str, rows: Any
) -> None:
    where = f"{MODELS}/{model.pk}/{path}"
    steps = [
        ({"value": True}, True),
        ({"value": True}, True),
        ({}, False),
        ({}, True),
        ({"value": False}, False),
    ]
    for body, is_marked in steps:
        shown = reader.post(where, body).json()["data"]
        assert (shown[is_so], shown[counter]) == (is_marked, int(is_marked))
        assert shown == reader.get(f"{MODELS}/{model.pk}/interaction-status").json()["data"]
        assert rows.objects.count() == int(is_marked)
        assert drifts() == []
    told = Activity.objects.filter(owner=bob, object_type="model").order_by("pk")
    assert [one.details["is_marked"] for one in told] == [True, False, True, False]


def test_wrong_values_are_refused(model: Model3D, reader: APIClient) -> None:
    bodies: list[Any] = [
        {"value": "true"}, {"value": 1}, {"value": None}, {"value": []}, {"values": True}, [True], "true",
    ]  # fmt: skip
    for path in ("like", "favorite"):
        for body in bodies:
            answer = reader.post(f"{MODELS}/{model.pk}/{path}", body, format="json")
            assert answer.status_code == 422, body
    assert not ModelLike.objects.exists()


def test_what_isnt_public_cant_be_marked(
    alice: User, client_for: Any, bob: User, anonymous: APIClient
) -> None:
    secret = private_model(alice)
    for client in (client_for(bob), client_for(alice)):
        for path in ("like", "favorite"):
            answer = client.post(f"{MODELS}/{secret.pk}/{path}", {"value": True})
            assert refused(answer) == (404, "PUBLIC_MODEL_NOT_FOUND")
        assert client.get(f"{MODELS}/{secret.pk}/interaction-status").status_code == 404
    assert not ModelLike.objects.exists()
    public = public_model(alice)
    for path in ("like", "favorite"):
        assert anonymous.post(f"{MODELS}/{public.pk}/{path}", {"value": True}).status_code == 401


def test_ones_own_lists_begin_with_the_last_and_show_what_is_public(
    alice: User, reader: APIClient, client_for: Any, charlie: User
) -> None:
    models = [public_model(alice, name=str(number)) for number in range(3)]
    for model in models:
        reader.post(f"{MODELS}/{model.pk}/like", {"value": True})
        reader.post(f"{MODELS}/{model.pk}/favorite", {"value": True})
    Model3D.objects.filter(name="1").update(visibility="private")
    for path in ("liked-models", "favorited-models"):
        rows = reader.get(f"/api/v1/me/{path}").json()["data"]
        assert [row["model"]["name"] for row in rows] == ["2", "0"]
        assert rows[0]["model"]["preview_url"] == f"http://testserver/gallery/{models[2].pk}/preview.webp"
        assert client_for(charlie).get(f"/api/v1/me/{path}").json()["data"] == []
        assert reader.get(f"/api/v1/me/{path}?sort=likes").status_code == 422


# -- views and downloads -------------------------------------------------------------------------------------------


def test_a_view_counts_once_a_day_for_each_account_and_address(
    model: Model3D, reader: APIClient, anonymous: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{PUBLIC}/{model.pk}"
    for _ in range(2):
        reader.get(path)
        anonymous.get(path)
        anonymous.get(path, REMOTE_ADDR="203.0.113.7")
        anonymous.get(path, REMOTE_ADDR="2001:db8::1")
        anonymous.get(path, REMOTE_ADDR="2001:db8::2")  # the same customer's network
    assert anonymous.get(path).json()["data"]["views"] == 4
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return tomorrow

    monkeypatch.setattr(interactions, "datetime", Later)
    assert reader.get(path).json()["data"]["views"] == 5
    assert drifts() == []


def test_nobodys_address_or_key_is_kept(
    model: Model3D, reader: APIClient, anonymous: APIClient, bob: User
) -> None:
    anonymous.get(f"{PUBLIC}/{model.pk}", REMOTE_ADDR="203.0.113.7")
    reader.get(f"{PUBLIC}/{model.pk}")
    visitors = list(ModelView.objects.values_list("visitor", flat=True))
    assert len(set(visitors)) == 2
    assert all(len(visitor) == 64 for visitor in visitors)
    days = {interactions._visitor(day) for day in ("2026-01-01", "2026-01-02")}
    assert len(days) == 2, "another one every day"


def test_what_isnt_public_isnt_counted(alice: User, anonymous: APIClient) -> None:
    secret = private_model(alice)
    assert anonymous.get(f"{PUBLIC}/{secret.pk}").status_code == 404
    assert not ModelView.objects.exists()


# -- the end -------------------------------------------------------------------------------------------------------


def test_counters_stay_right_when_an_account_goes(
    alice: User, bob: User, charlie: User, client_for: Any
) -> None:
    """Bob's likes go with him; what others said of his own models goes with the models."""
    of_alice = [public_model(alice, name=str(number)) for number in range(3)]
    of_bob = public_model(bob)
    for who in (bob, charlie):
        for model in (*of_alice, of_bob):
            for path in ("like", "favorite"):
                client_for(who).post(f"{MODELS}/{model.pk}/{path}", {"value": True})
    for model in (*of_alice, of_bob):
        assert view_record(model_id=model.pk)
        assert download_record(model_id=model.pk)
        assert not view_record(model_id=model.pk)
    before = Model3D.objects.get(pk=of_alice[0].pk).trend

    account_delete(user_id=bob.pk)

    assert {(one.likes, one.favourites, one.views, one.downloads) for one in Model3D.objects.all()} == {
        (1, 1, 1, 1)
    }
    assert Model3D.objects.count() == 3
    assert ModelLike.objects.count() == ModelFavourite.objects.count() == 3
    assert Model3D.objects.get(pk=of_alice[0].pk).trend < before
    assert drifts() == []


def test_a_deleted_model_is_gone_from_everywhere(
    model: Model3D, reader: APIClient, client_for: Any, alice: User
) -> None:
    reader.post(f"{MODELS}/{model.pk}/like", {"value": True})
    reader.get(f"{PUBLIC}/{model.pk}")
    assert client_for(alice).delete(f"{MODELS}/{model.pk}").status_code == 204
    assert reader.get("/api/v1/me/liked-models").json()["data"] == []
    assert reader.get(PUBLIC).json()["data"] == []
    assert reader.get(f"{PUBLIC}/{model.pk}").status_code == 404
    assert not ModelLike.objects.exists()
    assert not ModelView.objects.exists()
