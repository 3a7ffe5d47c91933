"""Indexes for what the gallery can be narrowed by; PostgreSQL's knows which tags are rare."""

from typing import Any

from django.db import migrations, models

SHOWN = models.Q(visibility="public", hidden_at__isnull=True)
TAGS = """
CREATE OR REPLACE FUNCTION model_tags(tags jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY(SELECT jsonb_array_elements_text(tags))
$$
"""
#: Of all models: PostgreSQL asks no statistics of an index of some.
INDEX = "CREATE INDEX model3d_tags ON models3d_model3d USING gin (model_tags(tags))"


def make(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(TAGS, params=None)
        schema_editor.execute(INDEX, params=None)


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS model3d_tags")
        schema_editor.execute("DROP FUNCTION IF EXISTS model_tags")


class Migration(migrations.Migration):
    dependencies = [("models3d", "0003_test_tokens")]

    operations = [
        migrations.AddIndex(
            "model3d", models.Index(fields=["licence"], condition=SHOWN, name="model3d_public_licence")
        ),
        migrations.AddIndex(
            "model3d", models.Index(fields=["source_format"], condition=SHOWN, name="model3d_public_format")
        ),
        migrations.AddIndex(
            "model3d", models.Index(fields=["longest_mm"], condition=SHOWN, name="model3d_public_size")
        ),
        migrations.AddIndex(
            "model3d",
            models.Index(
                fields=["owner", "-published_at", "-id"], condition=SHOWN, name="model3d_public_owner"
            ),
        ),
        migrations.RunPython(make, drop),
    ]
