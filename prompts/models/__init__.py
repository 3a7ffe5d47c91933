"""The prompt library: prompts with their versions and labels, and tags; what the optimizer made of prompts, and the
proof that it gained something."""

from prompts.models.cases import PromptCase, PromptEvaluation, PromptTrial
from prompts.models.optimizations import Optimization
from prompts.models.prompts import Prompt, PromptLabel, PromptVersion
from prompts.models.tags import Tag

__all__ = [
    "Optimization",
    "Prompt",
    "PromptCase",
    "PromptEvaluation",
    "PromptLabel",
    "PromptTrial",
    "PromptVersion",
    "Tag",
]
