"""A sentence becomes pictures, over HTTP."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Activity, User
from config.errors import describe
from config.files.storages import DiskStorage
from generation.domain.images import Style
from generation.jobs import runner
from generation.models import ImageRequest, Job, StoredFile
from generation.providers.base import CONTENT_REFUSED, ProviderError
from generation.providers.image.base import ImageAnswer, Picture
from tests.generation.requests.conftest import Answers
from tests.generation.requests.factories import FOX, REQUESTS, ask, made, run_request, shown

pytestmark = pytest.mark.django_db

REFUSED = ProviderError(CONTENT_REFUSED, "Refused.", retryable=False, charged=False, provider="sandbox")


def fault(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["data"]["code"]


def test_a_sentence_becomes_four_pictures(client: APIClient) -> None:
    answer = client.post(REQUESTS, {"prompt": FOX, "seed": 7})
    assert answer.status_code == 202
    row = answer.json()["data"]
    assert answer.headers["Location"] == f"/api/v1/jobs/{row['id']}"
    assert (row["status"], row["phase"], row["images"]) == ("image_pending", "image_generation", [])

    run_request(row["id"], images=False)
    begun = shown(client, row["id"])
    assert [image["status"] for image in begun["images"]] == ["pending"] * 4
    assert [image["file"] for image in begun["images"]] == [None] * 4

    run_request(row["id"])
    done = shown(client, row["id"])
    assert (done["status"], done["phase"]) == ("image_completed", "awaiting_selection")
    assert [image["style"] for image in done["images"]] == [style.value for style in Style]
    assert [image["seed"] for image in done["images"]] == [7, 8, 9, 10]
    assert all(image["prompt"].startswith(FOX) for image in done["images"])
    assert len({image["prompt"] for image in done["images"]}) == 4
    assert {(image["provider"], image["is_procedural"]) for image in done["images"]} == {("sandbox", True)}
    assert done["cost"]["calls"] == 5
    assert (done["prompts_error"], done["error"]) == (None, None)

    picture = done["images"][0]
    assert (picture["file"]["media_type"], picture["file"]["width"]) == ("image/png", 1024)
    content = b"".join(APIClient().get(picture["url"]).streaming_content)
    assert len(content) == picture["file"]["size"]
    [listed] = client.get(REQUESTS).json()["data"]
    assert listed == done


def test_in_english_with_one_style_two_pictures_and_another_shape(client: APIClient) -> None:
    done = made(client, "a fox with a scarf", style="geometric", count=2, size="landscape")
    assert [image["style"] for image in done["images"]] == ["geometric", "geometric"]
    assert all("geometric" in image["prompt"] for image in done["images"])
    assert done["images"][0]["prompt"] != done["images"][1]["prompt"]
    assert (done["images"][0]["file"]["width"], done["images"][0]["file"]["height"]) == (1536, 1024)


def test_without_prompts_of_a_model_each_has_the_sentence(client: APIClient) -> None:
    done = made(client, optimize=False)
    assert {image["prompt"] for image in done["images"]} == {FOX}
    assert (done["cost"]["calls"], done["prompts_error"]) == (4, None)


def test_where_the_text_model_fails_each_has_the_sentence_and_it_is_told(client: APIClient) -> None:
    sentence = f"{FOX} [[sandbox:no-prompts]]"
    row = ask(client, sentence, count=2)
    run_request(row["id"], images=False)
    begun = shown(client, row["id"])
    assert {image["prompt"] for image in begun["images"]} == {sentence}
    assert begun["prompts_error"]["code"] == "PROVIDER_UNAVAILABLE"
    assert begun["prompts_error"]["charged"] is False
    chinese = client.get(f"{REQUESTS}/{row['id']}", headers={"accept-language": "zh"}).json()["data"]
    assert chinese["prompts_error"]["message"] == describe("PROVIDER_UNAVAILABLE", "zh")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": "  \n"}, "prompt"),
        ({"prompt": "茶" * 501}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({}, "prompt"),
        ({"prompt": FOX, "negative_prompt": "茶" * 501}, "negative_prompt"),
        ({"prompt": FOX, "count": 0}, "count"),
        ({"prompt": FOX, "count": 5}, "count"),
        ({"prompt": FOX, "style": "baroque"}, "style"),
        ({"prompt": FOX, "size": "huge"}, "size"),
        ({"prompt": FOX, "quality": "low"}, "quality"),
        ({"prompt": FOX, "seed": -1}, "seed"),
        ({"prompt": FOX, "seed": 2**31}, "seed"),
        ({"prompt": FOX, "width": 64}, "width"),
    ],
)
def test_what_cant_be_asked_for_is_refused(client: APIClient, body: dict[str, Any], field: str) -> None:
    for address in (REQUESTS, f"{REQUESTS}/estimate"):
        answer = client.post(address, body)
        assert fault(answer) == (422, "VALIDATION_FAILED")
        assert [one["field"] for one in answer.json()["data"]["details"]["fields"]] == [field]
    assert not Job.objects.exists()


def test_500_characters_are_taken(client: APIClient) -> None:
    assert len(ask(client, "茶" * 500)["prompt"]) == 500


def test_an_unknown_model_is_refused_with_names_that_are_like_it(client: APIClient) -> None:
    answer = client.post(REQUESTS, {"prompt": FOX, "model": "sandbox-pricey"})
    assert fault(answer) == (422, "MODEL_UNKNOWN")
    assert not ImageRequest.objects.exists()


class TestSelecting:
    def test_one_is_selected_and_another_one_until_there_is_a_model(
        self, client: APIClient, alice: User
    ) -> None:
        row = made(client)
        select = f"{REQUESTS}/{row['id']}/select"
        first = client.post(select, {"number": 2}).json()["data"]
        assert (first["selected"], first["status"], first["phase"]) == (
            2,
            "model_pending",
            "model_generation",
        )
        assert client.post(select, {"number": 2}).json()["data"] == first
        assert client.post(select, {"number": 3}).json()["data"]["selected"] == 3
        assert Activity.objects.filter(action="select_image").count() == 2

        mesh = Job.objects.create(owner=alice, kind="x")
        ImageRequest.objects.filter(pk=row["id"]).update(mesh_job=mesh)
        answer = client.post(select, {"number": 1})
        assert fault(answer) == (409, "REQUEST_SELECTION_FIXED")
        assert client.post(select, {"number": 3}).status_code == 200
        assert shown(client, row["id"])["selected"] == 3

    def test_a_fifth_one_or_one_that_isnt_made_is_refused(self, client: APIClient) -> None:
        row = ask(client, count=2)
        select = f"{REQUESTS}/{row['id']}/select"
        assert fault(client.post(select, {"number": 1})) == (404, "REQUEST_IMAGE_UNKNOWN")
        run_request(row["id"], images=False)
        assert fault(client.post(select, {"number": 1})) == (409, "REQUEST_IMAGE_WRONG_STATE")
        for number, expected in ((3, (404, "REQUEST_IMAGE_UNKNOWN")), (5, (422, "VALIDATION_FAILED"))):
            assert fault(client.post(select, {"number": number})) == expected
        assert shown(client, row["id"])["selected"] is None

    def test_an_old_copy_doesnt_select(self, client: APIClient) -> None:
        row = made(client, count=1)
        address = f"{REQUESTS}/{row['id']}"
        tag = client.get(address).headers["ETag"]
        assert client.get(address).headers["ETag"] == tag
        assert client.post(f"{address}/select", {"number": 1}, headers={"if-match": tag}).status_code == 200
        late = client.post(f"{address}/select", {"number": 1}, headers={"if-match": tag})
        assert fault(late) == (412, "PRECONDITION_FAILED")


class TestFailing:
    """One image fails, the others don't."""

    @pytest.fixture
    def failed(self, client: APIClient, answers: Answers) -> dict[str, Any]:
        answers[7] = [REFUSED]
        return made(client, count=2, seed=7)

    def test_it_says_why_and_whether_it_cost_money(self, client: APIClient, failed: dict[str, Any]) -> None:
        first, second = failed["images"]
        assert (first["status"], second["status"]) == ("failed", "succeeded")
        assert (first["error"]["code"], first["error"]["charged"]) == ("PROVIDER_CONTENT_REFUSED", False)
        assert (failed["status"], failed["phase"]) == ("image_completed", "awaiting_selection")
        answer = client.post(f"{REQUESTS}/{failed['id']}/select", {"number": 1})
        assert fault(answer) == (409, "REQUEST_IMAGE_WRONG_STATE")

    def test_it_is_made_again_alone(self, client: APIClient, failed: dict[str, Any]) -> None:
        retry = f"{REQUESTS}/{failed['id']}/images/1/retry"
        answer = client.post(retry)
        assert answer.status_code == 202
        assert answer.headers["Location"] == f"/api/v1/jobs/{failed['images'][0]['job_id']}"
        again = answer.json()["data"]
        assert again["status"] == "image_generating"
        assert [image["status"] for image in again["images"]] == ["pending", "succeeded"]
        assert fault(client.post(retry)) == (409, "REQUEST_IMAGE_WRONG_STATE")
        run_request(failed["id"])
        done = shown(client, failed["id"])
        assert [image["status"] for image in done["images"]] == ["succeeded", "succeeded"]
        assert done["images"][1] == failed["images"][1]
        assert done["error"] is None

    def test_what_didnt_fail_isnt_made_again(self, client: APIClient, failed: dict[str, Any]) -> None:
        retry = f"{REQUESTS}/{failed['id']}/images"
        for number, expected in (
            (2, (409, "REQUEST_IMAGE_WRONG_STATE")),
            (3, (404, "REQUEST_IMAGE_UNKNOWN")),
            (10**30, (404, "REQUEST_IMAGE_UNKNOWN")),
        ):
            assert fault(client.post(f"{retry}/{number}/retry")) == expected
        assert shown(client, failed["id"])["images"] == failed["images"]

    def test_paid_for_and_no_picture_is_told_and_bought_anew_when_asked(
        self, client: APIClient, answers: Answers
    ) -> None:
        page = Picture(data=b"<html>Not here.</html>")
        answers[7] = [ImageAnswer(provider="sandbox", model="sandbox", picture=page)]
        row = made(client, count=1, seed=7, optimize=False, model="sandbox-priced")
        [image] = row["images"]
        assert (row["status"], image["file"]) == ("image_failed", None)
        assert (image["error"]["code"], image["error"]["charged"]) == ("PICTURE_UNUSABLE", True)
        assert image["error"]["details"] == {"cause": "FILE_TYPE_REFUSED"}
        assert client.post(f"{REQUESTS}/{row['id']}/images/1/retry").status_code == 202
        run_request(row["id"])
        done = shown(client, row["id"])
        assert (done["status"], done["cost"]["calls"]) == ("image_completed", 2)

    def test_a_full_disk_is_written_to_again_and_nothing_is_bought_again(
        self, client: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = ask(client, count=1, optimize=False)
        run_request(row["id"], images=False)
        with monkeypatch.context() as full:
            full.setattr(DiskStorage, "_save", no_space)
            run_request(row["id"])
        [image] = shown(client, row["id"])["images"]
        assert (image["status"], image["error"]["code"]) == ("pending", "FILE_STORAGE_UNAVAILABLE")
        Job.objects.filter(pk=image["job_id"]).update(not_before=timezone.now())
        run_request(row["id"])
        done = shown(client, row["id"])
        assert (done["status"], done["cost"]["calls"]) == ("image_completed", 1)


def no_space(*args: Any, **options: Any) -> None:
    raise OSError(28, "No space left on device")


class TestStopping:
    def test_cancelled_before_it_begins(self, client: APIClient) -> None:
        row = ask(client)
        cancelled = client.post(f"{REQUESTS}/{row['id']}/cancel").json()["data"]
        assert (cancelled["status"], cancelled["phase"]) == ("cancelled", "completed")
        assert client.post(f"{REQUESTS}/{row['id']}/cancel").status_code == 200
        assert Activity.objects.filter(action="cancel_request").count() == 1

    def test_pictures_that_are_there_stay(self, client: APIClient) -> None:
        row = ask(client, count=2)
        run_request(row["id"], images=False)
        runner.run_next_child(UUID(row["id"]))
        cancelled = client.post(f"{REQUESTS}/{row['id']}/cancel").json()["data"]
        assert [image["status"] for image in cancelled["images"]] == ["succeeded", "cancelled"]
        assert cancelled["status"] == "cancelled"
        assert cancelled["images"][0]["file"] is not None
        answer = client.post(f"{REQUESTS}/{row['id']}/select", {"number": 1})
        assert fault(answer) == (409, "REQUEST_WRONG_STATE")

    def test_what_is_over_isnt_cancelled(self, client: APIClient) -> None:
        row = made(client, count=1)
        assert fault(client.post(f"{REQUESTS}/{row['id']}/cancel")) == (409, "REQUEST_WRONG_STATE")

    def test_deleted_its_pictures_go(
        self, client: APIClient, django_capture_on_commit_callbacks: Any
    ) -> None:
        row = made(client, count=2)
        assert client.delete(f"/api/v1/files/{row['images'][0]['file']['id']}").status_code == 409
        assert client.delete(f"{REQUESTS}/{row['id']}").status_code == 204
        assert client.get(f"{REQUESTS}/{row['id']}").status_code == 404
        assert not StoredFile.objects.exists()
        assert Activity.objects.filter(action="delete_request").count() == 1


class TestReading:
    def test_lists_are_searched_filtered_and_paged(self, client: APIClient) -> None:
        fox, cat = made(client, count=1), ask(client, "a cat on a roof")
        for query, expected in [
            ({"search": "狐狸"}, [fox]),
            ({"search": "ROOF"}, [cat]),
            ({"status": "image_completed"}, [fox]),
            ({"status": "image_pending,failed"}, [cat]),
            ({"phase": "awaiting_selection"}, [fox]),
            ({"is_test": "true"}, [cat, fox]),
            ({"created_before": "2020-01-01T00:00:00Z"}, []),
            ({"sort": "created_at"}, [fox, cat]),
            ({"limit": "1", "page": "2"}, [fox]),
        ]:
            found = client.get(REQUESTS, query).json()["data"]
            assert [row["id"] for row in found] == [row["id"] for row in expected], query
        first = client.get(REQUESTS, {"limit": "1", "cursor": ""}).json()
        second = client.get(REQUESTS, {"limit": "1", "cursor": first["meta"]["next_cursor"]}).json()
        assert [row["id"] for row in (*first["data"], *second["data"])] == [cat["id"], fox["id"]]
        assert client.get(REQUESTS, {"status": "done"}).status_code == 422

    def test_a_strangers_request_isnt_there(
        self, client: APIClient, charlie: User, client_for: Callable[[User], APIClient]
    ) -> None:
        row, stranger = made(client, count=1), client_for(charlie)
        address = f"{REQUESTS}/{row['id']}"
        assert stranger.get(REQUESTS).json()["data"] == []
        for answer in (
            stranger.get(address),
            stranger.delete(address),
            stranger.post(f"{address}/select", {"number": 1}),
            stranger.post(f"{address}/cancel"),
            stranger.post(f"{address}/images/1/retry"),
            client.get(f"{REQUESTS}/{uuid4()}"),
        ):
            assert answer.status_code == 404
        assert shown(client, row["id"])["status"] == "image_completed"

    def test_what_there_is_to_choose_from(self, client: APIClient) -> None:
        config = client.get(f"{REQUESTS}/config", headers={"accept-language": "zh"}).json()["data"]
        assert [style["name"] for style in config["styles"]] == [style.value for style in Style]
        assert config["styles"][0]["title"] == "写实"
        assert config["limits"]["prompt_characters"] == 500
        assert [route["provider"] for route in config["routes"]] == ["sandbox"]
