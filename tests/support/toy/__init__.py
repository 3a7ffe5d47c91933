"""An app as a product would add it, small: notes that the sandbox can summarize. Installed by `settings.py` here only;
`tests/architecture/test_registration.py` looks where it turns up."""
