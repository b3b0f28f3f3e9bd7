"""The few calls of functions in later rooms: by name, looked up only when the call is made.

A room imports only rooms in earlier rows of the table in CONTRIBUTING.md. The few functions of
later rows that a room calls are listed here, and nowhere else:

    above("draw_tape")(tensor)      the picture of a tensor in a notebook

`FILLED` lists the tables that a later room fills, each with the room that fills it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

ABOVE = {  # what is called, and the module that has it
    "draw_tape": "explanation.pictures",  # a tensor shows itself
    "save": "programs.saving",  # a graph saves itself
    "sparse_by": "sparse.jacobian",  # jacobian and its kin with sparse=True
    "export": "programs.export",  # and writes itself as a module
    "held_form": "implicit.saved",  # what the rows of solutions and of loops hold, in parts
    "held_again": "implicit.saved",
    "rule_form": "transforms.custom.saved",  # a call of a rule of the user's, in parts
    "rule_again": "transforms.custom.saved",
    "rule_takes": "transforms.custom.saved",
}
FILLED = {  # a table, and who fills it
    "arrays.dispatch.UFUNCS": "numpy_api",  # the ufuncs of the table are there first
    "arrays.dispatch.UFUNC_METHODS": "numpy_api",
    "arrays.dispatch.FUNCTIONS": "numpy_api",
    "arrays.dispatch.CREATORS": "numpy_api",
}


def above(name: str) -> Any:
    """The function of this name, which is in a later room than the one that calls it."""
    return getattr(import_module(f"autodiff.{ABOVE[name]}"), name)
