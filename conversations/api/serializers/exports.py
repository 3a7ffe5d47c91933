"""How conversations are taken along."""

from rest_framework import serializers

from config.api.serializers import StrictSerializer


class ConversationExportIn(StrictSerializer):
    """What kind of file."""

    format = serializers.ChoiceField(  # type: ignore[assignment]
        ["json", "markdown"],
        default="json",
        help_text="`json` has everything and can be imported, `markdown` one branch to read.",
    )
    message = serializers.UUIDField(
        required=False,
        help_text="Of Markdown: the last message of the branch; left out: the one that is shown.",
    )
