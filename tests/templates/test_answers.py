"""What a model may answer, and what becomes of it: stored whole, mended, or turned down and told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from accounts.models import User
from generation.domain.states import CallStatus
from generation.jobs import runner
from generation.models import Job, JobEvent, ProviderCall
from generation.providers.base import OVERLOADED, ProviderError
from generation.providers.llm.base import ChatRequest, ChatResult
from templates.domain import prompting
from templates.domain.blocks import parse_blocks
from templates.models import ContentTemplate, Document, Project, TemplateBatch
from templates.services.batches import batch_retry
from templates.services.sources import project_update
from tests.templates import writer
from tests.templates.factories import (
    batch_of,
    documents_of,
    errors_of,
    finish,
    generate,
    project_of,
    run_items,
    stale_cells,
)

pytestmark = pytest.mark.django_db

ONE: dict[str, Any] = {"languages": ("zh",), "template_codes": ("brief",)}


@pytest.fixture
def one(alice: User, tea: Project, library: list[ContentTemplate], paid: Any) -> Callable[..., TemplateBatch]:
    """A batch of one document by the paid model."""
    return lambda **changes: batch_of(alice, **{**ONE, **changes})


def failed(batch: TemplateBatch) -> dict[str, Any]:
    """The error of the one item that failed."""
    (job,) = Job.objects.filter(parent_id=batch.job_id, status="failed")
    assert job.error is not None
    return dict(job.error)


def calls() -> list[tuple[str, str]]:
    rows = ProviderCall.objects.order_by("created_at", "id").values_list("step", "status")
    return [(step.partition("@")[0], status) for step, status in rows]


def kind(request: ChatRequest) -> str:
    return request.kind.partition(".")[2]


class TestTruncated:
    def test_a_text_that_ends_at_its_limit_is_continued_and_joined(
        self, alice: User, one: Callable[..., TemplateBatch]
    ) -> None:
        whole: list[str] = []

        def piecewise(request: ChatRequest) -> ChatResult:
            """Three parts; each continuation begins at the start of the line that was broken off, as asked."""
            if not whole:
                whole.append(writer.ordinary(request))
            text, part = whole[0], len(writer.said)
            third = len(text) // 3
            begin = text.rfind("\n", 0, third * (part - 1)) + 1 if part > 1 else 0
            end = len(text) if part == 3 else third * part
            return writer.answer(text[begin:end], "stop" if part == 3 else "length")

        writer.says(piecewise)
        assert finish(one()) == {"succeeded": 1}
        (document,) = documents_of(alice).values()
        assert document.latest is not None
        assert document.latest.content == whole[0].strip()
        assert calls() == [("write-1", "settled"), ("write-2", "settled"), ("write-3", "settled")]
        assert document.latest.cost_micros == 3 * writer.CALL_MICROS
        assert (document.latest.input_tokens, document.latest.output_tokens) == (3_000, 1_500)
        last = writer.said[-1].messages
        assert [m.role for m in last] == ["system", "user", "assistant", "user"]
        assert whole[0].startswith(last[2].content)

    def test_by_the_sandbox_too(
        self, alice: User, tea: Project, library: list[ContentTemplate], settings: Any
    ) -> None:
        generate(alice, **ONE)
        whole = Document.objects.get().latest
        settings.DOCUMENT_MAX_OUTPUT_TOKENS = 600
        generate(alice, skip_existing=False, **ONE)
        again = Document.objects.get().latest
        assert whole is not None
        assert again is not None
        assert (again.number, again.content) == (2, whole.content)
        assert len(calls()) > 2

    def test_what_never_gets_complete_is_not_stored(
        self, alice: User, one: Callable[..., TemplateBatch]
    ) -> None:
        numbers = iter(range(1_000))
        writer.says(
            lambda request: writer.answer(f"# 标题\n\n第 {next(numbers)} 段没有写完的正文，", "length")
        )
        batch = one()
        finish(batch)
        error = failed(batch)
        assert (error["code"], error["charged"], error["retryable"]) == ("OUTPUT_TRUNCATED", True, False)
        assert "长度上限" in error["message_zh"]
        assert not Document.objects.exists()
        assert len(writer.said) == 8, "four parts, and once more by itself"

    @pytest.mark.parametrize(
        "text",
        [
            "# 标题\n\n## 风险",
            "# 标题\n\n```python\nprint('茶')",
            "# 标题\n\n| 列 | 值 |\n| --- | --- |\n| 甲 | 乙",
        ],
    )
    def test_where_nobody_said_why_a_text_ended_its_last_words_are_looked_at(
        self, one: Callable[..., TemplateBatch], text: str
    ) -> None:
        writer.says(lambda request: writer.answer(text, "unknown"))
        batch = one()
        finish(batch)
        assert errors_of(batch) == ["OUTPUT_TRUNCATED"]
        assert not Document.objects.exists()

    @pytest.mark.parametrize(
        "end", ["最后一段提到 `src/**` 和 **kwargs。", "见 src/** 与 **kwargs", "## 附录"]
    )
    def test_a_model_that_says_it_stopped_is_believed(
        self, one: Callable[..., TemplateBatch], end: str
    ) -> None:
        writer.says(lambda request: f"# 标题\n\n正文写在这里。\n\n{end}")
        assert finish(one()) == {"succeeded": 1}
        assert len(writer.said) == 1

    def test_nobody_is_asked_for_more_of_a_whole_text_that_ended_for_an_unknown_reason(
        self, one: Callable[..., TemplateBatch]
    ) -> None:
        writer.says(lambda request: writer.answer(writer.ordinary(request), "unknown"))
        assert finish(one()) == {"succeeded": 1}
        assert len(writer.said) == 1


class TestAround:
    def test_what_a_model_says_around_a_document_is_left_out_and_noted(
        self, one: Callable[..., TemplateBatch]
    ) -> None:
        writer.says(
            lambda request: (
                f"好的，以下是文档：\n\n```markdown\n{writer.ordinary(request).strip()}\n```\n\n如需修改请告诉我。"
            )
        )
        assert finish(one()) == {"succeeded": 1}
        document = Document.objects.get().latest
        assert document is not None
        assert document.content.startswith("# ")
        assert "```" not in document.content[-10:]
        (event,) = JobEvent.objects.filter(type="trimmed")
        assert event.data == {"before": "好的，以下是文档：", "after": "如需修改请告诉我。"}


class TestTurnedDown:
    @pytest.mark.parametrize(
        ("answer", "code", "bought"),
        [
            (writer.answer("# 半篇文档\n\n正文", "content_filter"), "OUTPUT_REFUSED", 1),
            (
                writer.answer("# In English\n\nThis text is in the wrong language."),
                "OUTPUT_WRONG_LANGUAGE",
                2,
            ),
            (writer.answer("```markdown\n\n```"), "OUTPUT_EMPTY", 2),
            (writer.answer("\x07"), "OUTPUT_EMPTY", 2),
            (writer.answer("\u200b\u3164\n"), "OUTPUT_EMPTY", 2),
            (replace(writer.answer(""), reasoning="想了很久"), "OUTPUT_ONLY_THOUGHTS", 1),
            (replace(writer.answer("", "length"), reasoning="想了很久"), "OUTPUT_ONLY_THOUGHTS", 1),
            (writer.answer("# 标题\n\n" + "这一句反复出现。" * 60, "length"), "OUTPUT_REPEATS", 2),
        ],
    )
    def test_is_not_stored_and_costs_what_it_cost(
        self, one: Callable[..., TemplateBatch], answer: ChatResult, code: str, bought: int
    ) -> None:
        writer.says(lambda request: answer)
        batch = one()
        assert finish(batch) == {"failed": 1}
        error = failed(batch)
        assert (error["code"], error["charged"], error["retryable"]) == (code, True, False)
        assert error["message"]
        assert error["message_zh"]
        assert not Document.objects.exists()
        assert len(writer.said) == bought
        assert sum(ProviderCall.objects.values_list("cost_micros", flat=True)) == bought * writer.CALL_MICROS

    def test_a_second_answer_may_be_good(self, alice: User, one: Callable[..., TemplateBatch]) -> None:
        writer.says(lambda request: "# Oops\n\nIn English first." if len(writer.said) == 1 else None)
        assert finish(one()) == {"succeeded": 1}
        (document,) = documents_of(alice).values()
        assert document.latest is not None
        assert document.latest.cost_micros == 2 * writer.CALL_MICROS, (
            "the one that was turned down was paid, too"
        )
        assert calls() == [("write-1", "settled"), ("write-1", "settled")]
        turned_down = ProviderCall.objects.order_by("created_at").values_list("rejected_code", flat=True)
        assert list(turned_down) == ["OUTPUT_WRONG_LANGUAGE", ""]
        first, second = (request.messages[-1].content for request in writer.said)
        assert second.startswith(first)
        assert "请只用简体中文写作" in second.removeprefix(first), (
            "the same question may bring the same answer"
        )

    def test_a_person_s_retry_asks_the_model_again(
        self, one: Callable[..., TemplateBatch], tea: Project
    ) -> None:
        writer.says(lambda request: writer.answer("# 半\n\n篇", "content_filter"))
        batch = one()
        assert finish(batch) == {"failed": 1}
        project_update(project=tea, description_zh="一段无害的说明。")
        writer.says(lambda request: None)
        batch_retry(batch=TemplateBatch.objects.get(pk=batch.pk))
        assert finish(batch) == {"succeeded": 1}
        assert len(writer.said) == 2


class TestBoughtOnce:
    def test_a_text_whose_process_died_before_it_was_stored_is_not_bought_again(
        self, one: Callable[..., TemplateBatch], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        batch = one()
        with monkeypatch.context() as patch:
            patch.setattr(runner, "_finish", _killed)
            with pytest.raises(KeyboardInterrupt):
                runner.run_next_child(batch.job_id)
        assert len(writer.said) == 1
        _lease_runs_out(batch)
        assert finish(batch) == {"succeeded": 1}
        assert len(writer.said) == 1
        assert Document.objects.get().latest.cost_micros == writer.CALL_MICROS  # type: ignore[union-attr]

    def test_but_not_passed_off_as_made_from_texts_that_have_changed_since(
        self, alice: User, one: Callable[..., TemplateBatch], tea: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        batch = one()
        with monkeypatch.context() as patch:
            patch.setattr(runner, "_finish", _killed)
            with pytest.raises(KeyboardInterrupt):
                runner.run_next_child(batch.job_id)
        project_update(project=tea, description_zh="改好的说明：改成社区书店。")
        _lease_runs_out(batch)
        assert finish(batch) == {"succeeded": 1}
        content = Document.objects.get().latest.content  # type: ignore[union-attr]
        assert stale_cells(alice) == set()
        assert "社区书店" in content

    def test_a_part_that_was_bought_is_kept_when_the_next_one_fails(
        self, alice: User, one: Callable[..., TemplateBatch]
    ) -> None:
        whole: list[str] = []

        def two_parts(request: ChatRequest) -> ChatResult | ProviderError:
            if len(request.messages) == 2:
                whole.append(writer.ordinary(request))
                return writer.answer(whole[0][:300], "length")
            if len(writer.said) == 2:
                return ProviderError(OVERLOADED, "busy", retryable=True, charged=False)
            return writer.answer(whole[0][whole[0].rfind("\n", 0, 300) + 1 :])

        writer.says(two_parts)
        assert finish(one()) == {"succeeded": 1}
        assert len(whole) == 1
        assert Document.objects.get().latest.content == whole[0].strip()  # type: ignore[union-attr]
        assert calls() == [("write-1", "settled"), ("write-2", "released"), ("write-2", "settled")]


def _killed(*args: Any, **kwargs: Any) -> None:
    raise KeyboardInterrupt


def _lease_runs_out(batch: TemplateBatch) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from generation.jobs import sweeper

    past = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(parent_id=batch.job_id, status="running").update(lease_expires_at=past)
    sweeper.recover_lost(timezone.now())


class TestTranslated:
    def test_the_source_comes_first_and_the_blocks_correspond(
        self, alice: User, one: Callable[..., TemplateBatch]
    ) -> None:
        batch = one(languages=("zh", "en"), translated=True)
        run_items(batch, most=1)
        assert [cell[2] for cell in documents_of(alice)] == ["zh"]
        assert finish(batch) == {"succeeded": 2}
        zh, en = (documents_of(alice)["tea-house", "brief", language].latest for language in ("zh", "en"))
        assert zh is not None
        assert en is not None
        assert (zh.source_language, en.source_language) == ("zh", "zh")
        assert [b.signature for b in parse_blocks(zh.content)] == [
            b.signature for b in parse_blocks(en.content)
        ]
        assert "Cloud Tea House" in en.content
        assert [kind(r) for r in writer.said] == ["write", "translate"]

    def test_a_translation_waits_for_its_source(self, one: Callable[..., TemplateBatch]) -> None:
        """Both run at once: the translation comes back to it later, which is no failure."""
        batch: list[TemplateBatch] = []
        writer.says(lambda request: runner.run_next_child(batch[0].job_id) and None)
        batch.append(one(languages=("zh", "en"), translated=True))
        run_items(batch[0], most=1)
        waiting = Job.objects.get(parent_id=batch[0].job_id, position=2)
        assert (waiting.status, waiting.failures, waiting.attempt) == ("queued", 0, 1)
        writer.says(lambda request: None)
        assert finish(batch[0]) == {"succeeded": 2}

    def test_without_a_source_it_fails_and_a_retry_makes_both(
        self, alice: User, one: Callable[..., TemplateBatch]
    ) -> None:
        writer.says(lambda request: writer.answer("", "content_filter") if kind(request) == "write" else None)
        batch = one(languages=("zh", "en"), translated=True)
        assert finish(batch) == {"failed": 2}
        assert errors_of(batch) == ["OUTPUT_REFUSED", "SOURCE_DOCUMENT_MISSING"]
        writer.says(lambda request: None)
        batch_retry(batch=TemplateBatch.objects.get(pk=batch.pk))
        assert finish(batch) == {"succeeded": 2}
        assert {d.source_language for d in documents_of(alice).values()} == {"zh"}

    def test_an_existing_source_is_translated_without_being_bought_again(
        self, alice: User, one: Callable[..., TemplateBatch]
    ) -> None:
        finish(one())
        assert finish(one(languages=("zh", "en"), translated=True)) == {"succeeded": 1, "skipped": 1}
        assert [kind(r) for r in writer.said] == ["write", "translate"]

    def test_broken_blocks_are_translated_again_and_only_those(
        self, alice: User, one: Callable[..., TemplateBatch]
    ) -> None:
        def lossy(request: ChatRequest) -> str | None:
            """Loses a heading's level and leaves one paragraph in Chinese."""
            if kind(request) != "translate" or "blocks" in request.context:
                return None
            text = writer.ordinary(request)
            return text.replace("\n## ", "\n### ", 1)

        writer.says(lossy)
        assert finish(one(languages=("zh", "en"), translated=True)) == {"succeeded": 2}
        zh, en = (documents_of(alice)["tea-house", "brief", language].latest for language in ("zh", "en"))
        assert zh is not None
        assert en is not None
        assert [b.signature for b in parse_blocks(zh.content)] == [
            b.signature for b in parse_blocks(en.content)
        ]
        assert calls() == [("write-1", "settled"), ("translate-1", "settled"), ("repair", "settled")]
        assert len(writer.said[-1].context["blocks"]) == 1
        assert en.cost_micros == 2 * writer.CALL_MICROS

    def test_blocks_too_many_are_left_out_without_another_call(
        self, alice: User, one: Callable[..., TemplateBatch]
    ) -> None:
        def talkative(request: ChatRequest) -> str | None:
            return (
                f"{writer.ordinary(request)}\n\nI hope this helps!" if kind(request) == "translate" else None
            )

        writer.says(talkative)
        assert finish(one(languages=("zh", "en"), translated=True)) == {"succeeded": 2}
        assert len(writer.said) == 2
        en = documents_of(alice)["tea-house", "brief", "en"].latest
        assert en is not None
        assert "hope this helps" not in en.content

    def test_what_stays_broken_after_a_repair_is_not_stored(
        self, alice: User, one: Callable[..., TemplateBatch]
    ) -> None:
        def stubborn(request: ChatRequest) -> str | None:
            if kind(request) == "write":
                return None
            if kind(request) == "repair":
                blocks = [prompting.RepairBlock(b["index"], b["markdown"]) for b in request.context["blocks"]]
                return prompting.format_repair({b.index: b.markdown for b in blocks}, blocks)
            return str(request.context["source_markdown"])

        writer.says(stubborn)
        batch = one(languages=("zh", "en"), translated=True)
        assert finish(batch) == {"succeeded": 1, "failed": 1}
        error = failed(batch)
        assert (error["code"], error["charged"], error["retryable"]) == ("TRANSLATION_MISMATCH", True, False)
        problems = error["details"]["problems"]
        assert problems[0]["problem"] == "untranslated"
        assert problems[0]["message_zh"]
        assert [cell[2] for cell in documents_of(alice)] == ["zh"]
        assert [kind(r) for r in writer.said] == ["write", *["translate", "repair"] * 2]

    def test_truncated_translations_are_continued_too(
        self, alice: User, tea: Project, library: list[ContentTemplate], settings: Any
    ) -> None:
        settings.DOCUMENT_MAX_OUTPUT_TOKENS = 700
        both = {"languages": ("en", "zh"), "translated": True, "template_codes": ("brief",)}
        generate(alice, **both)
        assert {cell[2]: d.source_language for cell, d in documents_of(alice).items()} == {
            "en": "en",
            "zh": "en",
        }
        assert "translate-2" in {step for step, _ in calls()}


class TestTitles:
    @pytest.mark.parametrize(
        ("text", "title"),
        [
            ("# **云上茶馆** 的 `简介`\n\n正文。", "云上茶馆 的 简介"),
            ("没有标题的正文，写得很短。", "云上茶馆 · 产品简介"),
            (f"# {'👨‍👩‍👧‍👦' * 90} 茶\n\n正文。", "👨‍👩‍👧‍👦" * 42 + "…"),
            (f"# {'茶' * 150}\n\n正文。", "茶" * 99 + "…"),
        ],
    )
    def test_are_the_first_heading_cut_to_what_fits(
        self, one: Callable[..., TemplateBatch], text: str, title: str
    ) -> None:
        writer.says(lambda request: text)
        assert finish(one()) == {"succeeded": 1}
        assert Document.objects.get().title == title

    def test_names_at_their_longest_fit(self, alice: User, library: list[ContentTemplate], paid: Any) -> None:
        project_of(alice, name_zh="茶" * 200)
        library[0].name_zh = "简" * 200
        library[0].save()
        writer.says(lambda request: "没有标题的正文。")
        assert finish(batch_of(alice, **ONE)) == {"succeeded": 1}
        assert Document.objects.get().title.startswith("茶茶")


class TestFaults:
    @pytest.mark.parametrize("odd", ["\x00", "\ud83c"], ids=["NUL", "half a character"])
    def test_characters_that_no_database_takes_dont_cost_the_text(
        self, one: Callable[..., TemplateBatch], odd: str
    ) -> None:
        writer.says(lambda request: f"# 标题\n\n正文{odd}继续，写到结尾。")
        assert finish(one()) == {"succeeded": 1}
        assert odd not in Document.objects.get().latest.content  # type: ignore[union-attr]
        assert len(writer.said) == 1

    def test_of_the_sandbox_come_as_asked(self, alice: User, library: list[ContentTemplate]) -> None:
        asked = {
            "moderated": "PROVIDER_CONTENT_REFUSED",
            "filtered": "OUTPUT_REFUSED",
            "auth": "PROVIDER_AUTH_FAILED",
            "no-quota": "PROVIDER_QUOTA_EXHAUSTED",
            "too-long": "PROVIDER_CONTEXT_TOO_LONG",
            "rate-limit": "PROVIDER_RATE_LIMITED",
            "misspelt": "PROVIDER_BAD_REQUEST",
        }
        for name in asked:
            project_of(alice, description_zh=f"这里会失败 [[sandbox:{name}]]")
        project_of(alice, description_zh="第一次繁忙 [[sandbox:overloaded-once]]，第二次就好。")
        project_of(alice, description_zh="第一次断线 [[sandbox:lost-once]]，第二次就好。")
        batch = batch_of(alice, **ONE)
        assert finish(batch) == {"succeeded": 2, "failed": len(asked)}
        assert errors_of(batch) == list(asked.values())
        statuses = ProviderCall.objects.filter(job__parent_id=batch.job_id).values_list("status", flat=True)
        assert statuses.filter(status=CallStatus.UNCERTAIN).count() == 1
