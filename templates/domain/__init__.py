"""Pure rules of the document factory: no Django, no database, no network."""
