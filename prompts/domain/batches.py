"""What can be done to many prompts at once."""

from enum import StrEnum

#: Prompts of one batch.
LARGEST_BATCH = 500


class BatchAction(StrEnum):
    TAG = "tag"
    UNTAG = "untag"
    MOVE = "move"
    FAVORITE = "favorite"
    DELETE = "delete"


#: The field that says what exactly an action does; deleting needs none.
NEEDED = {
    BatchAction.TAG: "tag_ids",
    BatchAction.UNTAG: "tag_ids",
    BatchAction.MOVE: "folder",
    BatchAction.FAVORITE: "value",
}
