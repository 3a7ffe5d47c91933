"""The prompt library: prompts with their versions and labels, and tags; and what the optimizer made of prompts."""

from prompts.models.optimizations import Optimization
from prompts.models.prompts import Prompt, PromptLabel, PromptVersion
from prompts.models.tags import Tag

__all__ = ["Optimization", "Prompt", "PromptLabel", "PromptVersion", "Tag"]
