"""The list machine: read models declared once, answered as JSON that the database wrote.

fields, read_models   what is shown; plain is its ordinary serializer (schema, tests)
filters, sorting      what a list can be narrowed and ordered by
spec, query, cursors  what a list is, and what a client asks of it
statements, reading   one SQL statement per shape, compiled once (config.sql); a page or a row as bytes
views                 ListApi, DetailApi
"""
