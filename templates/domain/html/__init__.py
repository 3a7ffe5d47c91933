"""Documents as standalone HTML pages."""
