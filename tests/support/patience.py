"""How long a test waits for what comes in milliseconds on a quiet machine: it bounds a hang, and nothing else."""

PATIENCE = 300.0
