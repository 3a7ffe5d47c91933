"""How rendered Markdown looks, on screen and on paper: for pages that stand by themselves."""

from functools import cache
from importlib.resources import files


@cache
def stylesheet() -> str:
    return files("config.markdown").joinpath("page.css").read_text(encoding="utf-8")
