"""How much of everything a 3D model has."""

#: Characters of a model's texts.
NAME = 120
DESCRIPTION = 2_000
#: Tags of one model, and characters of each.
TAGS = 10
TAG = 40
#: Characters of what somebody says about a model that shouldn't be shown.
REPORT_TEXT = 1_000
#: Millimetres that a longest side may be scaled to: what a printer resolves, and what no printer holds.
LEAST_MM = 0.1
MOST_MM = 10_000.0
#: Triangles that are taken: as many as a binary STL of 100 MB holds, and what the program's memory is enough for.
MOST_TRIANGLES = 2_000_000
