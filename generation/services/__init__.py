"""What staff and commands change of the catalogue. Jobs are changed by `generation.jobs.services`."""
