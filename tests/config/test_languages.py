"""The languages are written down once; what can't import them says the same."""

import json

from config.api.docs import schema_json
from config.languages import Language
from templates.domain.inputs import LANGUAGES


def test_code_without_django_knows_the_same_languages() -> None:
    assert tuple(Language.values) == LANGUAGES


def test_the_schema_names_them_once() -> None:
    schema = schema_json().decode()
    assert schema.count('"enum":["zh","en"]') == 1
    assert json.loads(schema)["components"]["schemas"]["Language"]["enum"] == Language.values
