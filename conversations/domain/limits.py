"""How long the texts of a conversation may be, in characters, and how many parts it may have."""

TITLE = 200
CONTENT = 200_000
SYSTEM_PROMPT = 200_000
#: Longer than the names of a provider and a model together.
MODEL = 161
TAGS = 30
#: Replies to one message that are made side by side.
SIBLINGS = 4
#: Files that a message refers to. Images are as all vendors take them: Bedrock, which takes the least, says so in
#: API_runtime_Message.html.
ATTACHMENTS = 10
ATTACHED_TEXT_BYTES = 600_000
ATTACHED_IMAGE_BYTES = 3_750_000
ATTACHED_IMAGE_SIDE = 8_000
IMAGES_AT_ONCE = 20
#: What a reply may have at most, in tokens, and what it gets when nobody says.
OUTPUT_TOKENS = 100_000
DEFAULT_OUTPUT_TOKENS = 4_000
TEMPERATURE = 2.0
CONTEXT_MESSAGES = 10_000
RETENTION_DAYS = 3_650
