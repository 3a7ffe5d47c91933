"""Reads about jobs: who may see what, what is new behind a cursor, how the queues are doing."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched_placeholder
