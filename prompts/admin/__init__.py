"""The prompt library in the admin: prompts, tags and cases are edited, the rest is read."""

from prompts.admin.cases import PromptCaseAdmin, PromptEvaluationAdmin, PromptTrialAdmin
from prompts.admin.optimizations import OptimizationAdmin
from prompts.admin.prompts import PromptAdmin, PromptLabelAdmin, PromptVersionAdmin
from prompts.admin.tags import TagAdmin

__all__ = [
    "OptimizationAdmin",
    "PromptAdmin",
    "PromptCaseAdmin",
    "PromptEvaluationAdmin",
    "PromptLabelAdmin",
    "PromptTrialAdmin",
    "PromptVersionAdmin",
    "TagAdmin",
]
