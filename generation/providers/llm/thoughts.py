"""What bounds the output that is billed, where a vendor's limit leaves out a model's thoughts.

At OpenAI (`max_completion_tokens`), DeepSeek (api-docs.deepseek.com/guides/reasoning_model), Moonshot
(platform.kimi.com/docs/guide/use-kimi-k2-thinking-model), Bedrock and the usual local servers one limit counts thoughts
and answer together. At Aliyun and SiliconFlow `max_tokens` counts the answer only, and thoughts are billed as output:
there, what is sent and how much money is reserved depend on the model, of which nothing but its name is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """`sent` are the fields of the request, `billed_tokens` is the most output that it can be charged for."""

    sent: Mapping[str, int]
    billed_tokens: int


@dataclass(frozen=True, slots=True)
class Thoughts:
    """The models of a vendor whose `max_tokens` leaves thoughts out. A pattern must match a whole name.

    - `counted`: take `max_completion_tokens`, which counts thoughts, but may be overrun by `overrun` tokens.
    - `absent`: don't think unless they are asked to, which nobody does.
    - `stopped`: stop thinking at `thinking_budget`, which goes from `least` to `most`.
    - all others think for as long as they like, up to the first `longest` that matches; with `hints` they get a
      budget all the same, as some keep to it.
    """

    absent: re.Pattern[str]
    stopped: re.Pattern[str]
    longest: tuple[tuple[re.Pattern[str], int], ...]
    least: int
    most: int
    counted: re.Pattern[str] | None = None
    overrun: int = 0
    hints: bool = False

    def limits(self, model: str, max_output_tokens: int) -> Limits:
        """Thoughts get a budget as large as the answer's, within what the vendor takes."""
        if self.counted is not None and self.counted.fullmatch(model):
            return Limits({"max_completion_tokens": max_output_tokens}, max_output_tokens + self.overrun)
        answer = {"max_tokens": max_output_tokens}
        if self.absent.fullmatch(model):
            return Limits(answer, max_output_tokens)
        budget = min(max(max_output_tokens, self.least), self.most)
        both = {**answer, "thinking_budget": budget}
        if self.stopped.fullmatch(model):
            return Limits(both, max_output_tokens + budget)
        longest = next(tokens for names, tokens in self.longest if names.fullmatch(model))
        return Limits(both if self.hints else answer, max_output_tokens + longest)


def _names(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_ANY = re.compile(".*", re.DOTALL)

ALIYUN: Final = Thoughts(
    # help.aliyun.com/zh/model-studio/qwen-api-via-openai-chat-completions, `max_completion_tokens`: Qwen3.7-Max,
    # Qwen3.5-Plus, Kimi K2.5, GLM 5, MiniMax M2.5, DeepSeek V4 and later, give or take 10 tokens; but not what third
    # parties serve there, whose names have a slash.
    counted=_names(
        r"qwen(3\.[7-9]|[4-9](\.\d+)?)-max[\w.-]*",
        r"qwen(3\.[5-9]|[4-9](\.\d+)?)-plus[\w.-]*",
        r"kimi-k(2\.[5-9]|[3-9])[\w.-]*",
        r"glm-([5-9]|\d\d)[\w.-]*",
        r"minimax-m(2\.[5-9]|[3-9])[\w.-]*",
        r"deepseek-v([4-9]|\d\d)[\w.-]*",
    ),
    overrun=10,
    # help.aliyun.com/zh/model-studio/deep-thinking: off by default. (`enable_thinking: false` would settle it, but
    # models that always think refuse it.)
    absent=_names(
        r"qwen-(?!.*thinking)[\w.-]+",
        r"qwen(1\.5|2|2\.5)-[\w.-]*",
        r"qwen3-(max|coder|vl-plus|vl-flash)(?!.*thinking)[\w.-]*",
        r"qwen[\d.]*-omni[\w.-]*",
        r"qwen3-[\w.-]*-instruct[\w.-]*",
        r"deepseek-v3(\.[12])?(-exp|-\d+)?",
        r"moonshot-kimi-k2-instruct",
    ),
    # The same page: Qwen3 and later, commercial and open. A budget above a model's longest chain of thought is
    # refused (help.aliyun.com/zh/model-studio/error-code); the smallest have 30,720.
    stopped=_names(r"qwen([3-9]|\d\d)[\w.-]*"),
    least=1,
    most=16_384,
    # help.aliyun.com/zh/model-studio/models; Kimi and MiniMax by third parties think up to 262,144.
    longest=((_names(r"(qwq|qvq|deepseek-r1|glm-4|kimi-k2-thinking)[\w.-]*"), 32_768), (_ANY, 262_144)),
)

SILICONFLOW: Final = Thoughts(
    absent=_names(
        r"(pro/)?deepseek-ai/deepseek-(v3|v2\.5|vl2)",
        r"[\w./-]*(instruct|coder)[\w.-]*",
        r"(pro/|lora/)*qwen/qwen2(\.5)?-[\w.-]*",
        r"(pro/)?thudm/glm-4-[\w.-]*",
        r"inclusionai/ling-[\w.-]*",
        r"(pro/)?internlm/internlm2[\w.-]*",
    ),
    # docs.siliconflow.cn/cn/userguide/capabilities/reasoning: the Qwen3 series stops at `thinking_budget`, others may
    # go on; the longest in its table is MiniMax-M1's. The API reference: 128 to 32768, "for most reasoning models".
    stopped=_names(r"(pro/)?qwen/qwen3[\w.-]*"),
    least=128,
    most=32_768,
    longest=((_ANY, 40_000),),
    hints=True,
)
