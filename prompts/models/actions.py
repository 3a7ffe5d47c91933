"""What an account can do with its prompts, in the words of its activity log."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.actions import Detail
from prompts.domain.batches import BatchAction


class Action(TextChoices):
    CREATE_PROMPT = "create_prompt", _("Created a prompt")
    UPDATE_PROMPT = "update_prompt", _("Changed a prompt")
    RESTORE_PROMPT = "restore_prompt", _("Restored a version of a prompt")
    DELETE_PROMPT = "delete_prompt", _("Deleted a prompt")
    FAVORITE_PROMPT = "favorite_prompt", _("Marked a prompt as a favourite, or no longer")
    USE_PROMPT = "use_prompt", _("Used a prompt")
    AUTO_SAVE_PROMPT = "auto_save_prompt", _("Had a prompt saved by itself")
    IMPORT_PROMPTS = "import_prompts", _("Imported prompts")
    EXPORT_PROMPTS = "export_prompts", _("Exported prompts")
    BATCH_PROMPTS = "batch_prompts", _("Changed many prompts at once")
    MOVE_LABEL = "move_label", _("Moved a label of a prompt")
    REMOVE_LABEL = "remove_label", _("Removed a label of a prompt")
    CREATE_TAG = "create_tag", _("Created a tag")
    UPDATE_TAG = "update_tag", _("Changed a tag")
    MERGE_TAG = "merge_tag", _("Merged a tag into another")
    DELETE_TAG = "delete_tag", _("Deleted a tag")
    OPTIMIZE = "optimize", _("Had a prompt optimized")
    RATE_OPTIMIZATION = "rate_optimization", _("Rated an optimization")
    ENHANCE_PROMPT = "enhance_prompt", _("Saved an optimized prompt")
    DELETE_OPTIMIZATION = "delete_optimization", _("Deleted an optimization")
    CREATE_CASE = "create_prompt_case", _("Created a case of a prompt")
    UPDATE_CASE = "update_prompt_case", _("Changed a case of a prompt")
    DELETE_CASE = "delete_prompt_case", _("Deleted a case of a prompt")
    EVALUATE_PROMPT = "evaluate_prompt", _("Had a prompt evaluated")


class ObjectType(TextChoices):
    PROMPT = "prompt", _("prompt")
    TAG = "tag", _("tag")
    OPTIMIZATION = "optimization", _("optimization")


BATCH_WORDS = {
    BatchAction.TAG: _("add tags"),
    BatchAction.UNTAG: _("remove tags"),
    BatchAction.MOVE: _("move to a folder"),
    BatchAction.FAVORITE: _("favourite"),
    BatchAction.DELETE: _("delete"),
}
DETAILS = {
    "restored_from": Detail(_("restored from version")),
    "value": Detail(_("favourite")),
    "count": Detail(_("times")),
    "operation": Detail(_("action"), values=BATCH_WORDS),
    "label": Detail(pgettext_lazy("prompt", "label")),
    "to": Detail(pgettext_lazy("range", "to")),
    "reason": Detail(pgettext_lazy("event", "reason")),
    "failing": Detail(_("cases that fail"), links_to="prompts.promptcase"),
    "into": Detail(_("merged into")),
    "nodes": Detail(_("optimizations")),
    "parent_id": Detail(_("goes on from"), links_to="prompts.optimization"),
    "optimization_id": Detail(_("optimization"), links_to="prompts.optimization"),
    "evaluation_id": Detail(_("evaluation"), links_to="prompts.promptevaluation"),
    "case_id": Detail(_("case"), links_to="prompts.promptcase"),
    "trials": Detail(_("answers")),
}
