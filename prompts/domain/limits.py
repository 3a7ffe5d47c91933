"""How long the texts of a prompt may be, in characters, and how many parts it may have."""

TITLE = 200
FOLDER = 300
FOLDER_DEPTH = 10
PLATFORM = 60
URL = 2_000
CONTENT = 50_000
RESPONSE = 50_000
TAG_NAME = 50
LABEL = 40
#: Prompts of an account that a program has kept, favourites aside: the oldest beyond them go.
AUTO_SAVED = 100
#: Within so long, the same text from the same place is the same prompt.
AUTO_SAVE_SECONDS = 300
#: Tags of one prompt.
TAGS = 30
#: Labels of one prompt.
LABELS = 30
#: Variables of one prompt, and characters of their names, choices and values.
VARIABLES = 50
VARIABLE_NAME = 60
CHOICES = 50
CHOICE = 200
#: Prompts that one may include, and how deep they may be nested.
INCLUDES = 50
INCLUDE_DEPTH = 5
#: Of a rendered text, everything included and filled in.
RENDERED = 200_000
#: Cases of one prompt, their names, and the answers that one evaluation buys at most.
CASES = 50
CASE_NAME = 200
RUNS = 10
TRIALS = 500
#: Characters of all filled-in prompts of an evaluation: each is kept with its answer.
TRIALS_TEXT = 5_000_000
#: Of one answer to a case, in tokens.
TRIAL_TOKENS = 2_000
