"""What apps register: found by name, in whatever order they came; both mistakes are loud."""

import pytest
from django.apps import apps

from config.registry import Registry


def registry(*names: str) -> Registry[str]:
    made: Registry[str] = Registry("toy")
    for name in names:
        made.register(name, name.upper())
    return made


def test_the_order_of_the_apps_makes_no_difference() -> None:
    assert dict(registry("b", "a")) == dict(registry("a", "b")) == {"a": "A", "b": "B"}
    assert list(registry("b", "a")) == ["a", "b"]


def test_the_same_again_changes_nothing() -> None:
    found = registry("a")
    found.register("a", "A")
    assert len(found) == 1


def test_something_else_by_the_same_name_is_refused() -> None:
    found = registry("a")
    with pytest.raises(ValueError, match="the toy 'a' is registered twice"):
        found.register("a", "another")
    assert found["a"] == "A"


def test_nobody_reads_before_every_app_has_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    found = registry("a")
    monkeypatch.setattr(apps, "ready", False)
    with pytest.raises(RuntimeError, match="not every app has registered its toy yet"):
        list(found)
    found.register("b", "B")
    monkeypatch.setattr(apps, "ready", True)
    assert list(found) == ["a", "b"]
