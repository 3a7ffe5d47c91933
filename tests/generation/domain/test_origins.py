"""Who has answered, by the vendor's own word."""

import pytest

from generation.domain.origins import is_same_model


@pytest.mark.parametrize(
    ("asked", "answered", "is_same"),
    [
        ("gpt-4o-mini", "gpt-4o-mini", True),
        ("gpt-4o-mini", "gpt-4o-mini-2024-07-18", True),
        ("gpt-4o", "openai/gpt-4o", True),
        ("deepseek-ai/DeepSeek-V3", "deepseek-v3", True),
        ("qwen2.5:7b", "qwen2.5:7b", True),
        ("llama3", "llama3:latest", True),
        ("deepseek-chat", "", True),
        ("gpt-4o", "gpt-4o-mini", False),
        ("qwen2.5-coder-1.5b-instruct", "qwen2.5-coder-0.5b-instruct", False),
        ("deepseek-chat", "deepseek-v9-turbo", False),
    ],
)
def test_a_name_and_its_versions_are_one_model(asked: str, answered: str, is_same: bool) -> None:
    assert is_same_model(asked, answered) is is_same
