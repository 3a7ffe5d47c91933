"""Errors name what there is: the nearest field, all fields when none is near, the words of a closed set."""

import pytest
from django.utils import translation
from rest_framework import serializers

from config.api.serializers import StrictSerializer
from config.api.suggestions import MOST_TOLD, instead_of


class TeaIn(StrictSerializer):
    name = serializers.CharField(required=False)
    description_zh = serializers.CharField(required=False)
    kind = serializers.ChoiceField(["green", "black"], required=False)
    cups = serializers.ListField(child=serializers.ChoiceField(["small", "large"]), required=False)
    id = serializers.UUIDField(read_only=True)


def complaints(data: dict[str, object]) -> dict[str, str]:
    serializer = TeaIn(data=data)
    assert not serializer.is_valid()
    return {name: str(errors[0]) for name, errors in serializer.errors.items() if isinstance(errors, list)}


@pytest.mark.parametrize(
    ("field", "complaint"),
    [
        ("descripton_zh", "There is no such field here. Do you mean description_zh?"),
        ("xyz", "There is no such field here. There are: name, description_zh, kind, cups."),
        ("id", "There is no such field here. Do you mean kind?"),
        ("n" * 5000, "There is no such field here. There are: name, description_zh, kind, cups."),
    ],
)
def test_an_unknown_field_is_told_which_there_are(field: str, complaint: str) -> None:
    assert list(complaints({field: 1}).values()) == [complaint]


def test_chinese_sentences_follow_each_other_without_a_space() -> None:
    with translation.override("zh-hans"):
        assert complaints({"descripton_zh": 1}) == {
            "descripton_zh": "没有这个字段。您是否想用 description_zh？"
        }


def test_a_wrong_word_is_told_the_right_ones() -> None:
    assert complaints({"kind": "blue"}) == {"kind": "Must be one of: green, black."}
    serializer = TeaIn(data={"cups": ["small", "huge"]})
    assert not serializer.is_valid()
    assert str(serializer.errors["cups"][1][0]) == "Must be one of: small, large."


def test_thousands_of_unknown_fields_are_answered_shortly() -> None:
    found = complaints({f"field{n}": 1 for n in range(3000)})
    assert sum("There are" in text for text in found.values()) == 20


def test_of_many_names_some_are_told() -> None:
    told = instead_of("zzz", [f"name{n}" for n in range(500)])
    assert told.endswith("….")
    assert told.count(",") == MOST_TOLD - 1
