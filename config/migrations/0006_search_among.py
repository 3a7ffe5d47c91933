"""Searches in rows of many owners: each of the sixteen parts of the index is asked (see `config.search.hits`)."""

from typing import Any

from django.db import migrations

HITS = """
CREATE OR REPLACE FUNCTION search_hits_among(chosen text, grams text[], terms text[], most integer)
RETURNS SETOF uuid LANGUAGE plpgsql STABLE
SET work_mem = '64MB' SET jit = off SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
    term text;
    found text;
    rechecked text := '';
BEGIN
    SELECT string_agg(
        format('search_grams(owner_id, search_text) COLLATE "C" @> %L::text[]',
            ARRAY(SELECT part || gram FROM unnest(grams) gram)),
        ' OR ') INTO found FROM string_to_table('0123456789abcdef', NULL) part;
    FOREACH term IN ARRAY terms LOOP
        rechecked := rechecked || format(' AND strpos(search_text, %L) > 0', term);
    END LOOP;
    RETURN QUERY EXECUTE format(
        'SELECT id FROM (%s) chosen WHERE (%s) %s LIMIT %s', chosen, found, rechecked, most);
END $$
"""


def make(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(HITS, params=None)


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION IF EXISTS search_hits_among")


class Migration(migrations.Migration):
    dependencies = [("platform", "0005_search_alone")]

    operations = [migrations.RunPython(make, drop)]
