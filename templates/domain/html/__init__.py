"""Documents as HTML: sanitized fragments and standalone pages."""
