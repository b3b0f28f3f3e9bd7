"""Forms of ufuncs: their calls, keyword arguments and methods."""

from __future__ import annotations

import numpy as np
from forms import Form

x = np.array([0.6, -1.3, 2.2])

FORMS = [Form("np.sin(x)", np.sin, x), Form("np.add(x, y)", np.add, x, 2.0)]
