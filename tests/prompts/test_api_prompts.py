"""Prompts over HTTP: kept, found, changed, deleted."""

from typing import Any

import pytest

from accounts.models import Activity, User
from prompts.models import Prompt
from tests.prompts.factories import tag_of

pytestmark = pytest.mark.django_db
PROMPTS = "/api/v1/prompts"


def test_a_prompt_is_kept_changed_and_deleted(alice: User, client_for: Any) -> None:
    client = client_for(alice)
    tag = tag_of(alice, "邮件")
    made = client.post(
        PROMPTS,
        {
            "content": "# 周报\n\n写一封周报。",
            "folder": " work//emails/ ",
            "tag_ids": [tag.pk],
            "metrics": {"clarity": 80},
        },
    )
    assert made.status_code == 201
    prompt = made.json()["data"]
    assert (prompt["title"], prompt["folder"], prompt["version"]) == ("周报", "work/emails", 1)
    assert [one["name"] for one in prompt["tags"]] == ["邮件"]
    assert prompt["metrics"]["clarity"] == 80
    assert prompt["metrics"]["creativity"] is None

    address = made.headers["Location"]
    read = client.get(address)
    assert read.json()["data"] == prompt
    changed = client.patch(
        address, {"content": "写一封周报，列出三件事。"}, headers={"If-Match": read.headers["ETag"]}
    )
    assert (changed.status_code, changed.json()["data"]["version"]) == (200, 2)
    stale = client.patch(address, {"title": "周报二"}, headers={"If-Match": read.headers["ETag"]})
    assert (stale.status_code, stale.json()["data"]["code"]) == (412, "PRECONDITION_FAILED")
    numbers = [one["number"] for one in client.get(f"{address}/versions").json()["data"]]
    assert numbers == [2, 1]

    assert client.delete(address, headers={"If-Match": changed.headers["ETag"]}).status_code == 204
    assert not Prompt.objects.exists()
    told = list(Activity.objects.order_by("pk").values_list("action", flat=True))
    assert told[-3:] == ["create_prompt", "update_prompt", "delete_prompt"]
