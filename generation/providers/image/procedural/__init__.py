"""A painter without a model: it reads known words of a prompt and paints a picture of them by rules, offline and always
the same for the same prompt and seed. What it makes says so, in the answer and in the file.

`paint` starts it as a program of its own (`config.programs`); numpy and Pillow are imported there only.
"""
