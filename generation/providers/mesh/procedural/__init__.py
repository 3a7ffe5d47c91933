"""A maker of meshes without a model: it reads known words of a prompt and builds a solid of them by rules, or turns a
picture into a relief, a lithophane or a silhouette, offline and always the same for the same prompt, seed and picture.
What it makes is closed, can be printed, and says that it is procedural.

`model` starts it as a program of its own (`config.programs`); numpy, manifold3d and fontTools are imported there only.
"""
