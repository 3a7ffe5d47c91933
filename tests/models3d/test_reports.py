"""Reports: people tell staff of a model, staff decide, and its owner hears of it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import Activity, AuditEntry, User
from accounts.services.deletion import account_delete
from models3d.models import Model3D, ModelReport
from tests.models3d.gallery import MODELS, PUBLIC, names, private_model, public_model, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(alice: User) -> Model3D:
    return public_model(alice, name="茶壶")


@pytest.fixture
def back_office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def report(client: APIClient, model: Model3D, **said: Any) -> Any:
    return client.post(f"{PUBLIC}/{model.pk}/report", {"reason": "copyright", **said}, format="json")


def decide(client: Client, reported: ModelReport, how: str) -> Any:
    address = reverse(f"admin:models3d_modelreport_{how}_one", args=[reported.pk])
    return client.post(address, {"_form_submitted": "true"})


def test_anybody_may_report_what_is_public(
    model: Model3D, alice: User, bob: User, client_for: Any, anonymous: APIClient
) -> None:
    shown = report(anonymous, model, text="这是我的").json()["data"]
    assert (shown["reason"], shown["state"]) == ("copyright", "open")
    for reason in ("spam", "other"):
        assert report(client_for(bob), model, reason=reason).status_code == 201
    assert list(ModelReport.objects.order_by("pk").values_list("reporter__username", "reason")) == [
        (None, "copyright"),
        ("bob", "other"),
    ], "whoever has an account has one open report of it"
    assert Activity.objects.get(owner=bob, action="report_model").details == {"report_reason": "spam"}
    assert refused(report(anonymous, private_model(alice))) == (404, "PUBLIC_MODEL_NOT_FOUND")
    for said in ({"reason": "ugly"}, {"reason": None}, {"text": "茶" * 1_001}, {"extra": "x"}, {"text": 1}):
        assert refused(report(anonymous, model, **said)) == (422, "VALIDATION_FAILED")
    assert ModelReport.objects.count() == 2


def test_strangers_report_only_so_often(model: Model3D, anonymous: APIClient, settings: Any) -> None:
    settings.LOGIN_LIMIT_MAX_ATTEMPTS = 2
    codes = [report(anonymous, model).status_code for _ in range(3)]
    assert codes == [201, 201, 429]
    assert ModelReport.objects.count() == 2


def test_upholding_hides_the_model_and_tells_its_owner(
    model: Model3D, alice: User, bob: User, client_for: Any, anonymous: APIClient, back_office: Client
) -> None:
    report(client_for(bob), model)
    report(anonymous, model, reason="spam")
    first = ModelReport.objects.order_by("pk")[0]

    assert decide(back_office, first, "uphold").status_code == 200

    assert names(anonymous.get(PUBLIC)) == []
    assert anonymous.get(f"{PUBLIC}/{model.pk}").status_code == 404
    assert set(ModelReport.objects.values_list("state", "decided_by__username")) == {("upheld", "staff")}
    owner = client_for(alice)
    shown = owner.get(f"{MODELS}/{model.pk}").json()["data"]
    assert (shown["hidden_reason"], shown["hidden_at"] is not None) == ("copyright", True)
    [told] = owner.get("/api/v1/activities?action=hide_model").json()["data"]
    assert told["details"] == {"name": "茶壶", "report_reason": "copyright"}
    assert told["ip_address"] is None, "from where staff came is nobody's business"
    assert refused(owner.post(f"{MODELS}/{model.pk}/publish", {"licence": "MIT"})) == (409, "MODEL_HIDDEN")
    assert AuditEntry.objects.filter(
        actor_name="staff", action="uphold_one", object_id=str(first.pk)
    ).exists()


def test_a_decision_is_made_once(model: Model3D, anonymous: APIClient, back_office: Client) -> None:
    report(anonymous, model)
    reported = ModelReport.objects.get()
    decide(back_office, reported, "dismiss")
    decide(back_office, reported, "uphold")
    reported.refresh_from_db()
    assert reported.state == "dismissed"
    assert names(anonymous.get(PUBLIC)) == ["茶壶"]
    assert not Activity.objects.filter(action="hide_model").exists()


def test_the_queue_asks_before_it_hides_many(
    model: Model3D, anonymous: APIClient, back_office: Client
) -> None:
    report(anonymous, model)
    reported = ModelReport.objects.get()
    queue = reverse("admin:models3d_modelreport_changelist")
    chosen = {"action": "uphold", "_selected_action": [str(reported.pk)]}
    assert "Take these models out of the gallery?" in back_office.post(queue, chosen).content.decode()
    assert Model3D.objects.public().exists()
    back_office.post(queue, {**chosen, "confirmed": "1"})
    assert not Model3D.objects.public().exists()
    assert back_office.get(queue).status_code == 200


def test_staff_hide_and_show_without_a_report(
    model: Model3D, alice: User, anonymous: APIClient, back_office: Client
) -> None:
    for how, shown in (("take_out", []), ("put_back", ["茶壶"])):
        address = reverse(f"admin:models3d_model3d_{how}_one", args=[model.pk])
        assert back_office.post(address, {"_form_submitted": "true"}).status_code == 200
        assert names(anonymous.get(PUBLIC)) == shown
    told = Activity.objects.filter(owner=alice).order_by("pk").values_list("action", flat=True)
    assert list(told) == ["hide_model", "show_model"]


def test_what_waits_stands_on_the_first_page(
    model: Model3D, anonymous: APIClient, back_office: Client
) -> None:
    tile = "state__exact=open"
    report(anonymous, model)
    page = back_office.get("/admin/").content.decode()
    assert tile in page
    assert "Reported models" in page


def test_a_report_stays_when_its_reporter_goes(model: Model3D, bob: User, client_for: Any) -> None:
    report(client_for(bob), model)
    account_delete(user_id=bob.pk)
    assert ModelReport.objects.get().reporter_id is None
