"""What activities and the audit keep is read in words of both languages, never as data."""

import ast
import re
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils.translation import override

from accounts.admin.words import details_in_words, model_recorded_as
from accounts.models import Activity, AuditEntry, User
from accounts.models.actions import DETAILS, OBJECT_TYPES
from tests.accounts.rows import activity
from tests.architecture.house import product
from tests.prompts.factories import prompt_of
from tests.support.rows import make_rows

RECORDERS = ("row_record", "account_record")


def plain(shown: object) -> list[str]:
    return re.findall(r"[^<>]+(?=</div>)", re.sub(r"</?(?:b|a)\b[^>]*>", "", str(shown)))


@pytest.mark.django_db
def test_details_are_told_by_the_words_of_their_row(alice: User) -> None:
    prompt = prompt_of(alice, "介绍一种茶")
    details = {"version": 2, "fields": ["content", "is_favorite"], "is_test": True, "unheard_of": None}
    with override("zh-hans"):
        assert plain(details_in_words("prompt", details)) == [
            "版本: 2", "字段: 内容, 收藏", "测试: 是", "unheard_of: -",
        ]  # fmt: skip
        assert plain(details_in_words("activity", {"action": "login", "object_type": "tag", "deleted": 3})) == [
            "操作: 登录", "对象类型: 标签", "删除: 3",
        ]  # fmt: skip
        assert plain(details_in_words("job", {"kind": "templates.document"})) == ["类型: 文档"]
        assert plain(details_in_words("prompt", {"operation": "move", "succeeded": 1})) == [
            "操作: 移动到文件夹", "成功: 1",
        ]  # fmt: skip
    case = make_rows(apps.get_model("prompts.promptcase"), 1, alice)
    with override("en"):
        [gone] = plain(details_in_words("prompt", {"case_id": str(prompt.pk)}))
        assert gone == f"case: {prompt.pk} (deleted)"
        assert str(case) in str(details_in_words("prompt", {"case_id": str(case.pk)}))
        assert f"/prompts/promptcase/{case.pk}/" in str(details_in_words("prompt", {"case_id": str(case.pk)}))


def test_every_name_that_is_recorded_has_a_word() -> None:
    """Of what stands in the calls themselves, and of the fields that models say are told."""
    fields = {
        name: model._meta.get_field(name).verbose_name
        for model in apps.get_models()
        for name in getattr(model, "recorded_with", ())
    }
    calls = [
        node
        for one in product()
        for node in ast.walk(one.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in RECORDERS
    ]
    given = {word.arg for call in calls for word in call.keywords if word.arg} - {
        "version",
        "rating",
        "mode",
        "role",
    }
    assert len(calls) > 30
    assert given - DETAILS.keys() - fields.keys() == set()


def test_every_type_of_object_is_a_model_but_activities_themselves() -> None:
    assert {name for name in OBJECT_TYPES if model_recorded_as(name) is None} == {"activity"}


@pytest.mark.django_db
def test_pages_show_both_in_the_readers_language(staff: User, alice: User) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", language="zh"))
    row = activity(1, alice)
    Activity.objects.filter(pk=row.pk).update(
        action="update_prompt", object_type="prompt", details={"fields": ["content"]}
    )
    assert "字段: <b" in (page := client.get(f"/admin/accounts/activity/{row.pk}/change/").text)
    assert "内容</b>" in page
    entry = AuditEntry.objects.create(
        actor_id=staff.pk,
        actor_name="staff",
        action="change",
        object_type="generation.cataloguemodel",
        object_id="1",
        changes={
            "is_active": {"from": True, "to": False},
            "modelprice 7": {"note": {"from": "", "to": "新"}},
        },
    )
    counted = AuditEntry.objects.create(
        actor_id=staff.pk,
        actor_name="staff",
        action="import_projects",
        changes={"created": 3, "unchanged": 1},
    )
    page = told(client, entry)
    assert "是 → 否" in page
    assert "- → 新" in page
    assert "新建: 3" in told(client, counted)


def told(client: Client, entry: Any) -> str:
    return re.sub(r"<[^>]+>", "", client.get(f"/admin/accounts/auditentry/{entry.pk}/change/").text)
