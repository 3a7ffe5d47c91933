"""The procedural painter: the same for the same words, something else for others, and honest about what it is."""

import io
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from PIL import Image

from generation.domain.images import Style
from generation.providers.image.procedural import words
from generation.providers.image.procedural.colours import GREY_SKIES, LIGHTS
from generation.providers.image.procedural.paint import paint
from generation.providers.image.procedural.program import picture
from generation.providers.image.procedural.scene import OUTDOORS
from generation.providers.image.procedural.subjects import SUBJECTS
from generation.providers.image.procedural.words import Thing, read_wish
from generation.providers.vocabulary import vocabulary


def painted(prompt: str, **options: Any) -> Any:
    """Pixels from 0 to 255."""
    order = {"width": 96, "height": 96, "seed": 1, "style": "realistic", "negative_prompt": "", **options}
    return np.asarray(Image.open(io.BytesIO(picture(prompt, **order)))).astype(float)


def test_it_runs_as_a_program_of_its_own_and_says_what_it_is() -> None:
    order: dict[str, Any] = {"width": 120, "height": 80, "seed": 7, "style": "cartoon"}
    made = paint("一只猫 🐈", **order)
    with Image.open(io.BytesIO(made)) as image:
        assert (image.format, image.size, image.mode) == ("PNG", (120, 80), "RGB")
        assert image.text == {  # type: ignore[attr-defined]
            "Software": "Atelier procedural painter",
            "procedural": "true",
            "prompt": "一只猫 🐈",
            "seed": "7",
            "style": "cartoon",
        }
    assert picture("一只猫 🐈", **order, negative_prompt="") == made


def test_seeds_and_prompts_make_other_pictures() -> None:
    first = painted("a boat on a lake")
    for other in (painted("a boat on a lake", seed=2), painted("a car on a road")):
        assert np.abs(first - other).mean() > 8


def test_the_styles_differ_visibly() -> None:
    for prompt in ("a fox in the forest", "山里的古塔"):
        seen = [painted(prompt, style=style.value) for style in Style]
        for one, other in combinations(seen, 2):
            assert np.abs(one - other).mean() > 8
    assert np.array_equal(painted("a cute fox", style=""), painted("a cute fox", style="cartoon"))


WISHES = [
    ("two red boats on a lake at sunset", "日落时湖上的两只红色的船"),
    ("a black cat in a snowy forest at night", "雪夜森林里的黑猫"),
    ("a castle in the mountains, fog, autumn", "秋天雾中山里的城堡"),
    ("a teapot on a table by the window in the morning", "早晨窗边桌上的茶壶"),
]


@pytest.mark.parametrize(("english", "chinese"), WISHES)
def test_both_languages_wish_the_same(english: str, chinese: str) -> None:
    one, other = read_wish(english), read_wish(chinese)
    assert one.things
    assert one.things == other.things
    for name in ("setting", "time", "weather", "season"):
        assert getattr(one, name) == getattr(other, name), name


def test_words_are_read_whole_and_the_longest_first() -> None:
    assert read_wish("a cathedral catalogue").things == ()
    assert [one.name for one in read_wish("一个雪人和一只猫头鹰").things] == ["snowman", "owl"]
    assert read_wish("雪人").weather == ""
    assert read_wish("three blue birds and a yellow house").things == (
        Thing("bird", "#3f7fd0", 3),
        Thing("house", "#f4c63d", 1),
    )
    assert read_wish("a house with trees", "trees").things == (Thing("house"),)


def test_what_words_change_is_seen() -> None:
    for night, day in (("a lake at night", "a lake at noon"), ("夜晚的湖", "正午的湖")):
        assert painted(night).mean() < painted(day).mean() - 30
    for red, blue in (("a red car", "a blue car"), ("一辆红色的汽车", "一辆蓝色的汽车")):
        warm = painted(red) - painted(blue)
        assert warm[..., 0].max() > 60
        assert warm[..., 2].min() < -60
    meadow, snow = (painted(f"a meadow in {season}").mean(axis=(0, 1)) for season in ("summer", "winter"))
    assert snow[2] > meadow[2] + 20
    plain = painted("a mountain lake at noon")
    for weather in ("rain", "snow", "fog", "storm", "rainbow"):
        assert np.abs(plain - painted(f"a mountain lake at noon, {weather}")).mean() > 2, weather


def test_every_word_means_something_that_can_be_painted() -> None:
    """And every subject and place is painted, each in another style."""
    meanings = {meaning for _, found in vocabulary(words.WORDS) for meaning in found}
    named = {group: {name for one, name in meanings if one == group} for group, _ in meanings}
    assert named["subjects"] - {"village"} == SUBJECTS.keys() - {"sculpture"}
    assert named["times"] == LIGHTS.keys()
    assert named["weathers"] == {*GREY_SKIES, "rainbow", "aurora", "fireworks"}
    assert named["settings"] | {"snowfield"} == {*OUTDOORS, "space", "underwater", "room", "studio"}
    assert named["styles"] == {style.value for style in Style}
    styles = [style.value for style in Style]
    prompts = sorted({*SUBJECTS, *named["settings"], *named["weathers"], "village"})
    for index, prompt in enumerate(prompts):
        seen = painted(prompt, style=styles[index % 4], width=64, height=64)
        assert seen.std() > 6, prompt


@pytest.mark.parametrize(
    "prompt",
    ["", "?!", "🎉" * 50, "\x00\x1b", "猫" * 500, "qwertz", "a cat, a dog, a fox, a bear, a lion, a cow"],
)
def test_whatever_is_asked(prompt: str) -> None:
    for width, height in ((64, 64), (160, 40), (40, 160)):
        assert painted(prompt, width=width, height=height).shape == (height, width, 3)
