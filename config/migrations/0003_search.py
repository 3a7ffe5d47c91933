"""What PostgreSQL computes for searches (config/search): the pieces of a text, and the rows that have all of some."""

from typing import Any

from django.db import migrations

#: See `config.search.grams`. So dear that no plan computes it row by row where an index has it already.
GRAMS = """
CREATE OR REPLACE FUNCTION search_grams(owner uuid, body text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
DECLARE
    part text := coalesce(right(owner::text, 1), '');
    one text;
    before text := ' ';
    earlier text := ' ';
    found text[] := '{}';
BEGIN
    FOREACH one IN ARRAY string_to_array(body, NULL) LOOP
        IF one <> ' ' THEN
            found := found || (part || one);
            IF before <> ' ' THEN
                found := found || (part || before || one);
                IF earlier <> ' ' AND octet_length(earlier || before || one) < 9 THEN
                    found := found || (part || earlier || before || one);
                END IF;
            END IF;
        END IF;
        earlier := before;
        before := one;
    END LOOP;
    RETURN found;
END $$
"""
#: Planned anew at each call, for these terms. The settings: a bitmap that forgets which rows of a page it meant would
#: have their pieces computed again, and compiling a plan takes longer than running this one.
HITS = """
CREATE OR REPLACE FUNCTION search_hits(searched regclass, owner uuid, grams text[], terms text[], most integer)
RETURNS SETOF uuid LANGUAGE plpgsql STABLE SET work_mem = '64MB' SET jit = off AS $$
DECLARE
    tokens text[] := ARRAY(SELECT right(owner::text, 1) || gram FROM unnest(grams) gram);
    term text;
    rechecked text := '';
BEGIN
    FOREACH term IN ARRAY terms LOOP
        rechecked := rechecked || format(' AND strpos(search_text, %L) > 0', term);
    END LOOP;
    RETURN QUERY EXECUTE format(
        'SELECT id FROM %s WHERE search_grams(owner_id, search_text) COLLATE "C" @> %L::text[] '
        'AND (owner_id = %L) IS TRUE %s LIMIT %s',
        searched, tokens, owner, rechecked, most);
END $$
"""


def make(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(GRAMS, params=None)
        schema_editor.execute(HITS, params=None)


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION IF EXISTS search_hits")
        schema_editor.execute("DROP FUNCTION IF EXISTS search_grams")


class Migration(migrations.Migration):
    dependencies = [("platform", "0002_words")]

    operations = [migrations.RunPython(make, drop)]
