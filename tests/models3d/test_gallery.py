"""The gallery as everybody sees it: lists, single models, families of remixes."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from models3d.models import Model3D, ModelLike
from tests.models3d.gallery import MODELS, PUBLIC, names, private_model, public_model, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf(alice: User, bob: User) -> dict[str, Model3D]:
    """Three that are public, one that isn't, one that was hidden."""
    public_model(alice, name="茶壶", day=1, likes=5, views=1, downloads=0, tags=["茶", "kitchen"])
    public_model(
        bob, name="Gear", day=2, tags=[], likes=0, views=9, downloads=3, licence="MIT", longest_mm=200.0,
        is_printable=False, origin="user_uploaded", source_format="stl", description="für ein 茶壶 Mühlwerk",
    )  # fmt: skip
    public_model(
        bob, name="Ring", day=3, likes=5, views=4, downloads=1, licence="CC0-1.0", longest_mm=21.5, tags=["茶"],
        is_printable=None,
    )  # fmt: skip
    private_model(alice, name="Secret 茶壶")
    public_model(alice, name="Hidden 茶壶", hidden_at=timezone.now(), hidden_reason="spam")
    return {model.name: model for model in Model3D.objects.all()}


ASKED = {
    "": ["Ring", "Gear", "茶壶"],
    "sort=newest": ["Ring", "Gear", "茶壶"],
    "sort=-newest": ["茶壶", "Gear", "Ring"],
    "sort=likes": ["Ring", "茶壶", "Gear"],
    "sort=views": ["Gear", "Ring", "茶壶"],
    "sort=downloads": ["Gear", "Ring", "茶壶"],
    "sort=trending": ["Ring", "Gear", "茶壶"],
    "sort=-trending": ["茶壶", "Gear", "Ring"],
    "printable=true": ["茶壶"],
    "printable=false": ["Ring", "Gear"],
    "max_size_mm=21.5": ["Ring", "茶壶"],
    "max_size_mm=0.1": [],
    "licence=MIT": ["Gear"],
    "licence=MIT,CC0-1.0": ["Ring", "Gear"],
    "format=stl": ["Gear"],
    "format=3mf": [],
    "tag=茶": ["Ring", "茶壶"],
    "tag=ＫＩＴＣＨＥＮ": ["茶壶"],
    "tag=kit": [],
    "made_with_ai=true": ["Ring", "茶壶"],
    "made_with_ai=false": ["Gear"],
    "author=bob": ["Ring", "Gear"],
    "search=茶壶": ["Gear", "茶壶"],
    "search=茶": ["Gear", "茶壶"],
    "search=MÜHL": ["Gear"],
    "search=ring&made_with_ai=true": ["Ring"],
    "search=茶壶&licence=MIT&sort=likes": ["Gear"],
}


def test_it_is_sorted_and_narrowed_without_a_login(shelf: dict[str, Model3D], anonymous: APIClient) -> None:
    found = {asked: names(anonymous.get(f"{PUBLIC}?{asked}")) for asked in ASKED}
    assert found == ASKED
    assert anonymous.get(f"{PUBLIC}?search=茶壶").json()["meta"]["total"] == 2


REFUSED = [
    "sort=likes_most", "sort=created_at", "sort=", "printable=yes", "printable=1", "max_size_mm=0", "max_size_mm=-3",
    "max_size_mm=nan", "max_size_mm=inf", "max_size_mm=1e6", "max_size_mm=10km", "licence=WTFPL", "format=blend",
    "tag=", "made_with_ai=True", "search=", "owner_id=1", "visibility=private", "limit=101", "page=0",
]  # fmt: skip


def test_what_a_list_doesnt_know_is_refused(anonymous: APIClient) -> None:
    answers = {asked: refused(anonymous.get(f"{PUBLIC}?{asked}")) for asked in REFUSED}
    assert answers == dict.fromkeys(REFUSED, (422, "VALIDATION_FAILED"))


def test_cursors_lead_through_all_of_it_and_belong_to_their_order(
    shelf: dict[str, Model3D], anonymous: APIClient
) -> None:
    for sort in ("newest", "likes", "downloads", "views", "trending", "-trending"):
        whole, cursor = names(anonymous.get(f"{PUBLIC}?sort={sort}")), ""
        seen: list[str] = []
        while cursor is not None:
            page = anonymous.get(f"{PUBLIC}?sort={sort}&limit=1&cursor={cursor}")
            seen += names(page)
            cursor = page.json()["meta"]["next_cursor"]
        assert seen == whole
    other = anonymous.get(f"{PUBLIC}?sort=likes&limit=1&cursor=").json()["meta"]["next_cursor"]
    for asked in (f"sort=views&cursor={other}", f"cursor={other}", "cursor=abc", f"tag=茶&cursor={other}"):
        assert refused(anonymous.get(f"{PUBLIC}?{asked}")) == (422, "CURSOR_INVALID")


def test_a_page_costs_as_many_queries_for_one_model_as_for_many(
    alice: User, anonymous: APIClient, client_for: Any, django_assert_num_queries: Any
) -> None:
    for number in range(4):
        model = public_model(alice, name=f"茶壶 {number}")
        ModelLike.objects.create(model=model, user=alice)
    mine = client_for(alice)
    mine.get(PUBLIC)
    for limit in (1, 4):
        with django_assert_num_queries(1):
            anonymous.get(f"{PUBLIC}?limit={limit}")
        with django_assert_num_queries(3):
            anonymous.get(f"{PUBLIC}?limit={limit}&search=茶壶")
        with django_assert_num_queries(1):
            mine.get(f"/api/v1/me/liked-models?limit={limit}")
    path = f"{PUBLIC}/{model.pk}"
    anonymous.get(path)
    with django_assert_num_queries(2):  # whether it was counted today, and the model
        anonymous.get(path)


def test_a_page_may_be_kept_for_a_moment_and_is_known_again(
    shelf: dict[str, Model3D], anonymous: APIClient
) -> None:
    first = anonymous.get(PUBLIC)
    assert first.headers["Cache-Control"] == "public, max-age=15"
    again = anonymous.get(PUBLIC, HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    Model3D.objects.filter(name="Ring").update(likes=6)
    assert anonymous.get(PUBLIC, HTTP_IF_NONE_MATCH=first.headers["ETag"]).status_code == 200


def test_strangers_are_counted_by_address(shelf: None, anonymous: APIClient, settings: Any) -> None:
    settings.RATE_LIMIT_MAX_REQUESTS = 1
    assert anonymous.get(PUBLIC).status_code == 200
    assert refused(anonymous.get(PUBLIC)) == (429, "RATE_LIMITED")


# -- one model ---------------------------------------------------------------------------------------------------------


def test_a_public_model_is_shown_with_its_licence_and_its_files(alice: User, anonymous: APIClient) -> None:
    model = public_model(alice, name="茶壶", description="可打印", licence="CC-BY-NC-SA-4.0")
    answer = anonymous.get(f"{PUBLIC}/{model.pk}", HTTP_ACCEPT_LANGUAGE="zh")
    shown = answer.json()["data"]
    assert (shown["name"], shown["author"], shown["origin"]) == ("茶壶", "alice", "ai_generated")
    assert shown["licence_terms"]["name"] == "知识共享 署名—非商业性使用—相同方式共享"
    assert shown["licence_terms"]["needs_same"]
    assert not shown["licence_terms"]["allows_commerce"]
    assert shown["report"]["is_watertight"] is True
    assert (shown["recipe"], shown["remix_of"]) == (None, None)
    assert "prompt" not in shown
    listed = anonymous.get(PUBLIC).json()["data"][0]
    files = {"preview_url": "preview.webp", "turntable_url": "turntable.webp", "viewer_url": "model.glb"}
    for name, last in files.items():
        assert shown[name] == f"http://testserver/gallery/{model.pk}/{last}"
        assert listed.get(name, shown[name]) == shown[name]
    assert shown["views"] == 1, "its own view is counted"
    again = anonymous.get(f"{PUBLIC}/{model.pk}", HTTP_IF_NONE_MATCH=answer.headers["ETag"])
    assert again.status_code in (200, 304)


def test_the_recipe_is_shown_if_its_owner_agrees(alice: User, anonymous: APIClient) -> None:
    model = public_model(alice, prompt="一只茶壶", seed=7, style="cartoon", provider="sandbox")
    assert anonymous.get(f"{PUBLIC}/{model.pk}").json()["data"]["recipe"] is None
    Model3D.objects.filter(pk=model.pk).update(shows_recipe=True, picture=model.current.preview)
    recipe = anonymous.get(f"{PUBLIC}/{model.pk}").json()["data"]["recipe"]
    link = recipe.pop("picture_url")
    assert link == f"http://testserver/gallery/{model.pk}/picture"
    assert recipe == {
        "prompt": "一只茶壶", "style": "cartoon", "shape": "", "seed": 7, "provider": "sandbox", "model": "sandbox",
    }  # fmt: skip


def test_what_isnt_public_is_not_there(
    shelf: dict[str, Model3D], anonymous: APIClient, client_for: Any, alice: User, charlie: User
) -> None:
    for client in (anonymous, client_for(charlie), client_for(alice)):
        for name in ("Secret 茶壶", "Hidden 茶壶"):
            pk = shelf[name].pk
            for path in (f"{PUBLIC}/{pk}", f"{MODELS}/{pk}/remixes"):
                assert refused(client.get(path)) == (404, "PUBLIC_MODEL_NOT_FOUND")
    for name in ("茶壶", "Secret 茶壶"):
        assert client_for(charlie).get(f"{MODELS}/{shelf[name].pk}").status_code == 404
        assert client_for(charlie).patch(f"{MODELS}/{shelf[name].pk}", {"name": "mine"}).status_code == 404
        assert client_for(charlie).post(f"{MODELS}/{shelf[name].pk}/publish").status_code == 404
    assert not Model3D.objects.filter(name="mine").exists()


# -- families ----------------------------------------------------------------------------------------------------------


def remix(parent: Model3D, owner: User, name: str, **fields: Any) -> Model3D:
    note = {"id": str(parent.pk), "name": parent.name}
    return public_model(owner, name=name, remix_of=parent, remix_note=note, **fields)


def test_a_family_is_shown_up_and_down(
    alice: User, bob: User, anonymous: APIClient, django_assert_num_queries: Any
) -> None:
    root = public_model(alice, name="root")
    left, right = remix(root, bob, "left", day=2), remix(root, alice, "right", day=1)
    leaf = remix(left, alice, "leaf")
    remix(root, bob, "unpublished", visibility="private")
    with django_assert_num_queries(3):
        family = anonymous.get(f"{MODELS}/{root.pk}/remixes").json()["data"]
    assert [(row["name"], row["depth"], row["parent_id"]) for row in family["remixes"]] == [
        ("right", 1, str(root.pk)),
        ("left", 1, str(root.pk)),
        ("leaf", 2, str(left.pk)),
    ]
    assert (family["ancestors"], family["is_whole"]) == ([], True)
    above = anonymous.get(f"{MODELS}/{leaf.pk}/remixes").json()["data"]
    assert [row["name"] for row in above["ancestors"]] == ["left", "root"]
    assert right.remix_of_id == root.pk


def test_a_large_family_is_cut_and_says_so(
    alice: User, anonymous: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models3d.selectors.gallery.MOST_REMIXES", 2)
    root = public_model(alice, name="root")
    for number in range(3):
        remix(root, alice, str(number), day=number)
    family = anonymous.get(f"{MODELS}/{root.pk}/remixes").json()["data"]
    assert (len(family["remixes"]), family["is_whole"]) == (2, False)


def test_a_remix_says_honestly_what_became_of_its_parent(
    alice: User, bob: User, anonymous: APIClient, client_for: Any
) -> None:
    parent = public_model(alice, name="茶壶")
    child = remix(parent, bob, "child")

    def told() -> Any:
        return anonymous.get(f"{PUBLIC}/{child.pk}").json()["data"]["remix_of"]

    assert told() == {"id": str(parent.pk), "name": "茶壶", "is_deleted": False}
    client_for(alice).post(f"{MODELS}/{parent.pk}/unpublish")
    assert told() == {"id": None, "name": None, "is_deleted": False}
    assert client_for(alice).delete(f"{MODELS}/{parent.pk}").status_code == 204
    assert told() == {"id": None, "name": "茶壶", "is_deleted": True}
