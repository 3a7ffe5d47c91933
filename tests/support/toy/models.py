from django.db import models

from config.db import OwnedModel


class Action(models.TextChoices):
    CREATE_NOTE = "create_note", "Created a note"


class ObjectType(models.TextChoices):
    NOTE = "note", "note"


class Note(OwnedModel):
    text = models.CharField(max_length=200, help_text="What to remember.")

    def __str__(self) -> str:
        return self.text
