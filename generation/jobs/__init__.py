"""The job engine. A job is a row; the broker only knocks on the door.

`services` submits, cancels, retries, pauses · `runner` claims a job and runs its handler · `ledger` buys · `sweeper`
finds what was lost · `parents` keeps a parent's children going · `transitions` holds every UPDATE of a status ·
`registry` knows the kinds · `worker` is this process: its name, its heartbeat, its jobs in flight.
"""
