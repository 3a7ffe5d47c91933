"""The prompt library in the admin: prompts and tags are edited, versions and labels are read."""

from prompts.admin.prompts import PromptAdmin, PromptLabelAdmin, PromptVersionAdmin
from prompts.admin.tags import TagAdmin

__all__ = ["PromptAdmin", "PromptLabelAdmin", "PromptVersionAdmin", "TagAdmin"]
