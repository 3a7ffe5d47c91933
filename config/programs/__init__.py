"""Programs of our own that run in processes of their own, with limits on time and memory: what is untrusted or heavy
ends that process and nothing else, and no thread waits for Python's lock meanwhile."""
