"""The two languages of the product."""

from django.db.models import TextChoices


class Language(TextChoices):
    """In which texts are written and answers speak. The first is written first where nobody says otherwise."""

    ZH = "zh", "中文"
    EN = "en", "English"
