"""The prompt library in the admin: prompts and tags are edited, the rest is read."""

from prompts.admin.optimizations import OptimizationAdmin
from prompts.admin.prompts import PromptAdmin, PromptLabelAdmin, PromptVersionAdmin
from prompts.admin.tags import TagAdmin

__all__ = ["OptimizationAdmin", "PromptAdmin", "PromptLabelAdmin", "PromptVersionAdmin", "TagAdmin"]
