"""What `make run` decides to start."""

import pytest

from launcher.supervisor.plan import would_be_asked


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, True),
        ({"DEEPSEEK_API_KEY": "sk-1"}, False),
        ({"DEEPSEEK_API_KEY": "sk-1", "LLM_PROVIDERS": "deepseek,local-model"}, True),
        ({"LLM_PROVIDERS": "sandbox"}, False),
        ({"LOCAL_LLM_BASE_URL": "http://127.0.0.1:11434/v1"}, False),
    ],
)
def test_the_small_model_is_served_only_where_it_would_be_asked(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], wanted: bool
) -> None:
    monkeypatch.setenv("ENV_FILE", "")
    for name in ("LLM_PROVIDERS", "LOCAL_LLM_BASE_URL", "DEEPSEEK_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert would_be_asked() is wanted
