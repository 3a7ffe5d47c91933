"""`make run`: the whole product on one machine, under one supervisor that leaves nothing behind.

`plan` says what runs, `loop` keeps it running, `processes` and `bond` tie each process to the life of the
supervisor, `broker` is the Valkey that needs no installation. `Broker` and `Child` also serve alone.
"""
