"""What the sandbox answers to the optimizer: an improved prompt, or, when a magic input asks for it, a bad one."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection

from prompts.domain.languages import language_of
from prompts.domain.optimizing import Task, instructions
from prompts.domain.placeholders import marks_of
from prompts.domain.sandbox_improver import Improved, improve

_OTHER_LANGUAGE = {
    "zh": "You are an expert in this field. Do what is asked step by step, and explain each decision. {names}",
    "en": "你是这一领域的专家。请按步骤完成任务，并说明每个决定的理由。{names}",
}
_ANSWER = {
    "zh": "最合适的是第二种，它更快，也更省钱。{names}",
    "en": "The second one fits best, because it is faster and cheaper. {names}",
}
_TORSO = {"zh": "回答时注意以下几点，包括", "en": "Mind these points, and"}
_LEFT_AS_IT_IS = (
    "Left as it is: the sandbox improves prompts in Chinese and English. A real model improves this one, too."
)


def answer(task: Task, inputs: Collection[str]) -> str:
    """JSON of `optimizing.SCHEMA`."""
    improved = _improved(task)
    return json.dumps(
        {
            "optimized_prompt": _spoiled(improved.text, task, inputs),
            "improvements": list(improved.improvements),
            "expected_benefits": list(improved.expected_benefits),
        },
        ensure_ascii=False,
    )


def _improved(task: Task) -> Improved:
    if language_of(task.prompt) not in ("zh", "en", "latin", None):
        return Improved(task.prompt, (_LEFT_AS_IT_IS,), ())
    return improve(
        task.prompt, mode=task.mode, language=task.language, wish=task.wish, response=task.response
    )


def _spoiled(text: str, task: Task, inputs: Collection[str]) -> str:
    """The candidate with the first of the faults that are asked for. The variables stay where they aren't the fault."""
    variables = marks_of(task.prompt)
    names = " ".join(variables)
    faults: dict[str, Callable[[], str]] = {
        "lose-variable": lambda: text.replace(variables[0], "") if variables else text,
        "rename-variable": lambda: (
            text.replace(variables[0], f"{variables[0][:-2]}_2}}}}") if variables else text
        ),
        "add-variable": lambda: f"{text}\n\n{{{{sandbox}}}}",
        "change-language": lambda: _OTHER_LANGUAGE[task.language].format(names=names),
        "answer-prompt": lambda: _ANSWER[task.language].format(names=names),
        "leak-instructions": lambda: f"{text}\n\n{instructions(task)}",
        "empty-prompt": lambda: "",
        "cut-prompt": lambda: f"{text}\n- {_TORSO[task.language]}",
    }
    return next((fault() for name, fault in faults.items() if name in inputs), text)
