"""Staff see models as they are, read their report, and have what failed made again."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from generation.jobs import runner
from models3d.models import Model3D
from tests.generation.test_admin import act
from tests.models3d.conftest import Answers
from tests.models3d.factories import MODELS, ask, made, shown
from tests.models3d.reading import BROKEN
from tests.models3d.test_making import answer_of
from tests.support.speaking import speak

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick")]


@pytest.fixture
def back_office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def page_of(back_office: Client, model: dict[str, Any], language: str) -> str:
    address = reverse("admin:models3d_model3d_change", args=[model["id"]])
    return speak(back_office, language).get(address).content.decode()


def test_a_model_is_seen_and_its_report_is_read(client: APIClient, back_office: Client) -> None:
    model = made(client)
    page = page_of(back_office, model, "en")
    assert "Printable." in page
    assert "20 × 20 × 20" in page
    assert reverse("admin:models3d_modelversion_changelist") in page
    assert "可以打印。" in page_of(back_office, model, "zh")
    listed = back_office.get(reverse("admin:models3d_model3d_changelist")).content.decode()
    assert 'src="/files/' in listed


def test_what_failed_is_made_again_and_what_is_there_repaired(
    client: APIClient, back_office: Client, answers: Answers
) -> None:
    answers += [answer_of(("glb", BROKEN))]
    failed, waiting = ask(client), ask(client)
    runner.run(failed["id"])
    done = made(client)
    rows = {row["id"]: Model3D.objects.get(pk=row["id"]) for row in (failed, waiting, done)}
    said = act(back_office, Model3D, "retry", rows[failed["id"]], rows[done["id"]])
    assert said[0] == "1 model is made again."
    assert "succeeded" in said[1]
    assert act(back_office, Model3D, "cancel", rows[waiting["id"]])[-1] == "1 model isn't made."
    assert act(back_office, Model3D, "repair", rows[done["id"]])[-1] == "1 model is being repaired."
    found = [shown(client, row["id"])["status"] for row in (failed, waiting)]
    assert found == ["queued", "cancelled"]
    assert shown(client, done["id"])["repair_status"] == "queued"
    assert client.get(f"{MODELS}/me?status=queued").json()["meta"]["total"] == 1
