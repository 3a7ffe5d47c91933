"""The prompt library: prompts with their versions and labels, and tags."""

from prompts.models.prompts import Prompt, PromptLabel, PromptVersion
from prompts.models.tags import Tag

__all__ = ["Prompt", "PromptLabel", "PromptVersion", "Tag"]
