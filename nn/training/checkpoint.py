"""A run on disk between two epochs: everything that decides how it goes on, to the bit.

The file is an .npz of plain arrays, never a pickle, and is renamed into place when it is complete.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from autodiff.extend import read_npz, write_npz
from autodiff.tree import flatten, unflatten

from .run import Callback, Run

FORMAT = 1


def save(path: Any, run: Run, settings: dict[str, Any]) -> None:
    """Write the run to `path`; `settings` are what a later run must have in common with it."""
    arrays: dict[str, Any] = {
        "format": np.int64(FORMAT),
        "settings": np.array(json.dumps(settings)),
        "stop": np.array(run.stop),
        "batches": np.array(json.dumps(run.batches)),
        "generator": np.array(json.dumps(run.rng.bit_generator.state, default=np.ndarray.tolist)),
    }
    for group, found in (("parameters", run.parameters), ("buffers", run.buffers)):
        arrays |= {f"{group}/{name}": array for name, array in found.items()}
    arrays |= {f"optimizer/{k}": leaf for k, leaf in enumerate(flatten(run.state)[0])}
    arrays |= {f"history/{name}": np.array(curve) for name, curve in run.history.curves.items()}
    for k, callback in enumerate(run.callbacks):
        if isinstance(callback, Callback):
            arrays |= {f"callback{k}/{name}": a for name, a in callback.state_dict().items()}
    write_npz(path, arrays)


def load(path: Any, run: Run, settings: dict[str, Any]) -> None:
    """Bring the run to where it was when `path` was written, or raise and leave it alone."""
    arrays = read_npz(path)
    name = Path(path).name
    if "format" not in arrays or "settings" not in arrays:
        raise ValueError(f"{name} is not a checkpoint of a training run")
    try:
        go_on(name, arrays, run, settings)
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        what = f"{type(error).__name__}: {error}"
        raise ValueError(f"{name} is a damaged checkpoint ({what:.200})") from error


def go_on(name: str, arrays: dict[str, Any], run: Run, settings: dict[str, Any]) -> None:
    """Bring the run to where these arrays are; nonsense is found before it is touched."""
    if int(arrays["format"]) != FORMAT:
        raise ValueError(f"{name} is a checkpoint of format {arrays['format']}, not {FORMAT}")
    kept = json.loads(str(arrays["settings"]))
    for key in sorted(kept.keys() | settings.keys()):
        if kept.get(key) != settings.get(key):
            raise ValueError(
                f"{name} is from a run with {key}={kept.get(key)!r}, but this run has "
                f"{settings.get(key)!r}; continue with the settings of the checkpoint"
            )
    generator = json.loads(str(arrays["generator"]))
    own = run.rng.bit_generator.state["bit_generator"]
    if generator["bit_generator"] != own:
        raise ValueError(f"{name} is from a run with a {generator['bit_generator']}, not a {own}")
    type(run.rng.bit_generator)().state = generator  # or it refuses
    leaves, structure = flatten(run.state)
    saved = group(arrays, "optimizer")
    if len(saved) != len(leaves) or any(
        np.shape(saved[str(k)]) != np.shape(leaf) for k, leaf in enumerate(leaves)
    ):
        raise ValueError(f"{name} has the state of another optimiser, or of another model")
    state = unflatten(structure, [saved[str(k)] for k in range(len(leaves))])
    stop, batches = str(arrays["stop"]), dict(json.loads(str(arrays.get("batches", "{}"))))
    curves = {key: curve.tolist() for key, curve in group(arrays, "history").items()}
    shapes = {np.shape(curve) for curve in curves.values()}
    if len(shapes) > 1 or any(len(shape) != 1 for shape in shapes):
        raise ValueError(f"{name} has a history that is not curves of one length")
    run.model.load_state_dict({**group(arrays, "parameters"), **group(arrays, "buffers")})
    run.parameters, run.buffers = group(arrays, "parameters"), group(arrays, "buffers")
    run.rng.bit_generator.state = generator
    run.state, run.stop, run.batches = state, stop, batches
    run.history.curves = curves
    for k, callback in enumerate(run.callbacks):
        if isinstance(callback, Callback):
            callback.load_state_dict(group(arrays, f"callback{k}"))


def group(arrays: dict[str, Any], name: str) -> dict[str, Any]:
    """The arrays whose names begin so, by the rest of their names; numbers as NumPy's scalars."""
    start = f"{name}/"
    return {k.removeprefix(start): a[()] for k, a in arrays.items() if k.startswith(start)}
