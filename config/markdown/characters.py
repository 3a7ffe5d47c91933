"""Which characters belong to which script."""

import re

#: Unified ideographs with extension A, compatibility ideographs, and the supplementary planes 2 and 3.
IDEOGRAPH = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
