"""The document reads written the plain DRF way, with the same answers: what the list machine is measured against."""
