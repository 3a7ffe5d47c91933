"""What readers hold open: the events of a job, and texts while they are written (docs/adr/0025). Knows no product."""
