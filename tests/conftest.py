"""How hard the property tests look: pick a profile with HYPOTHESIS_PROFILE.

default  new random examples on every run, so that a developer's runs add up
quick    one example each, the same every time: what `make quick` uses
ci       the same examples every time: what `make test` uses
nightly  many more of them; 10 000 random programs in tests/laws/test_programs.py
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile(
    "ci", settings.get_profile("default"), max_examples=50, derandomize=True, database=None
)
settings.register_profile("quick", settings.get_profile("ci"), max_examples=1)
settings.register_profile("nightly", settings.get_profile("default"), max_examples=7500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
