"""Runs of one character are pieces of a text, too (see `config.search.grams`)."""

from typing import Any

from django.db import migrations

from config.search.building import rebuild_indexes

GRAMS = """
CREATE OR REPLACE FUNCTION search_grams(owner uuid, body text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
DECLARE
    part text := coalesce(right(owner::text, 1), '');
    one text;
    before text := ' ';
    earlier text := ' ';
    run integer := 1;
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
            IF one <> before THEN
                run := 1;
            ELSE
                run := run + 1;
                IF run BETWEEN 3 AND 8 THEN
                    found := found || (part || repeat(one, run));
                END IF;
            END IF;
        END IF;
        earlier := before;
        before := one;
    END LOOP;
    RETURN found;
END $$
"""


def make(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(GRAMS, params=None)
    rebuild_indexes(schema_editor)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("platform", "0003_search")]

    # The way back leaves more pieces than are asked for then, which nobody notices.
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
