"""Staff see requests with their pictures, have one made again, and stop what runs."""

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from generation.models import ImageRequest, RequestImage
from generation.providers.base import CONTENT_REFUSED, ProviderError
from tests.generation.requests.conftest import Answers
from tests.generation.requests.factories import ask, made, shown
from tests.generation.test_admin import act

pytestmark = pytest.mark.django_db

REFUSED = ProviderError(CONTENT_REFUSED, "Refused.", retryable=False, charged=False, provider="sandbox")


@pytest.fixture
def back_office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def test_pictures_stand_side_by_side_and_one_is_made_again(
    client: APIClient, back_office: Client, answers: Answers
) -> None:
    answers[7] = [REFUSED]
    row = made(client, count=2, seed=7)
    failed, there = RequestImage.objects.order_by("position")
    place = reverse("admin:generation_imagerequest_change", args=[row["id"]])
    page = back_office.get(place).content.decode()
    assert page.count("<figure") == 2
    assert page.count("/files/") >= 1
    assert reverse("admin:generation_requestimage_change", args=[failed.pk]) in page

    said = act(back_office, RequestImage, "retry", failed, there)
    assert said[0] == "1 picture is made again."
    assert "succeeded" in said[1]
    assert shown(client, row["id"])["images"][0]["status"] == "pending"


def test_what_runs_is_stopped(client: APIClient, back_office: Client) -> None:
    row = ask(client)
    [said] = act(back_office, ImageRequest, "cancel", ImageRequest.objects.get())
    assert said == "1 request makes no further pictures."
    assert shown(client, row["id"])["status"] == "cancelled"
    status = {"status": "cancelled"}
    page = back_office.get(reverse("admin:generation_imagerequest_changelist"), status).content.decode()
    assert row["id"] in page
