"""The index of searches is asked by one process: helpers take longer to start than it takes to answer."""

from typing import Any

from django.db import migrations

HITS = "ALTER FUNCTION search_hits(regclass, uuid, text[], text[], integer)"


def alone(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"{HITS} SET max_parallel_workers_per_gather = 0")


def together(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"{HITS} RESET max_parallel_workers_per_gather")


class Migration(migrations.Migration):
    dependencies = [("platform", "0004_search_runs")]

    operations = [migrations.RunPython(alone, together)]
