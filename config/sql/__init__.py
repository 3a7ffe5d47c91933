"""SQL that the ORM composes once and that is filled many times, and the ways of writing rows without composing anew.

placeholders   what stands for a value until a call brings it
compiler       a QuerySet or an UPDATE as SQL with placeholders; a `Statement` that runs it (prepared: on PostgreSQL)
statements     `Select` and `Update`: compiled at the first call, for the few that run all the time
writes         INSERT of a row or of thousands, UPDATE … RETURNING
json_text      expressions that write JSON in the database
search         "contains these words", "is one of these keys"

Nothing here knows the API. Where a statement doesn't run a hundred times a second an ordinary QuerySet is right
(docs/adr/0006).
"""
