"""The starter library: twelve prompts in each language that can be filled in, and no second one."""

import io
import re

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from prompts.domain.starter import starter_records
from prompts.models import Prompt, Tag
from prompts.selectors import prompt_render_for
from prompts.services.prompts import prompt_update

pytestmark = pytest.mark.django_db


def init(owner: str) -> str:
    said = io.StringIO()
    call_command("init_prompts", owner=owner, stdout=said)
    return said.getvalue()


def test_twelve_in_each_language_can_be_filled_in(alice: User) -> None:
    assert "24 added, 0 there" in init("alice")
    folders = list(Prompt.objects.values_list("folder", flat=True))
    assert (folders.count("入门"), folders.count("Starter")) == (12, 12)
    for prompt in Prompt.objects.all():
        values = {one["name"]: "某事" for one in prompt.variables if one["required"]}
        text = prompt_render_for(alice.pk, prompt, values).text
        assert "{{" not in text
        is_chinese = prompt.folder == "入门"
        assert bool(re.search("[\u4e00-\u9fff]", text.replace("某事", ""))) == is_chinese, prompt.title
    assert {one["type"] for prompt in Prompt.objects.all() for one in prompt.variables} == {
        "text",
        "number",
        "choice",
        "boolean",
    }


def test_both_languages_ask_the_same() -> None:
    """Of each variable but its words."""

    def shape(place: str) -> list[tuple[str, bool, int, bool]]:
        [record] = [one for one in starter_records() if one.place == place]
        return [
            (
                one.get("type", "text"),
                one.get("required", True),
                len(one.get("choices", ())) > 0,
                "default" in one,
            )
            for one in record.versions[0].variables or ()
        ]

    codes = {record.place.rpartition(".")[0] for record in starter_records()}
    assert len(codes) == 12
    assert all(shape(f"{code}.zh") == shape(f"{code}.en") for code in codes)


def test_running_it_again_adds_what_is_missing_and_keeps_what_was_changed(alice: User, bob: User) -> None:
    init("alice")
    prompt_update(prompt=Prompt.objects.get(title="周报"), title="我的周报", content="写周报。", folder="")
    Prompt.objects.get(title="Brainstorm").delete()
    assert "1 added, 23 there" in init("alice@example.com")
    assert "0 added, 24 there" in init("alice")
    assert Prompt.objects.get(title="我的周报").content == "写周报。"
    tags = Tag.objects.count()
    assert "24 added" in init("bob")
    assert Prompt.objects.owned_by(bob.pk).count() == 24
    assert Tag.objects.owned_by(bob.pk).count() == tags


def test_nobody_has_none() -> None:
    with pytest.raises(CommandError, match="no user"):
        init("charlie")
