"""What brings the product to life on one machine and is no part of it: `supervisor` runs it, `local_llm` installs a
small model. It reads the environment as the product does (`config.env`) and imports no app; nobody imports it.
"""
