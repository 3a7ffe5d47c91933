from django.db import models

from config.db import OwnedModel
from config.search.fields import SearchableModel, SearchText


class Action(models.TextChoices):
    CREATE_NOTE = "create_note", "Created a note"


class ObjectType(models.TextChoices):
    NOTE = "note", "note"


class Note(SearchableModel, OwnedModel):
    text = models.CharField(max_length=200, help_text="What to remember.")
    search_text = SearchText("text")

    def __str__(self) -> str:
        return self.text
