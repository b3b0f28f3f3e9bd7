"""A module is an object whose float arrays are its parameters and whose `forward` is its function.

Nothing is declared: the arrays, the modules, and the lists, tuples and dicts of them among an
object's attributes are found when they are asked for, and named by the path that leads to them.

    net.hidden.weight      "hidden.weight"
    net.layers[1].bias     "layers.1.bias"
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

import autodiff as ad
from autodiff.extend import read_npz, write_npz

from ..requirements import generator

State = dict[str, Any]
WIDEST, HEADER = 16, 2**16  # bytes of a number, and of what comes before the numbers of an array


class Module:
    """A layer, or a network made of layers. A subclass sets its attributes and defines `forward`.

    Every attribute that is an array of floats is a parameter, and is trained. An array that is kept
    but not trained, as running statistics are, is named in the class attribute `buffers`.

    >>> import numpy as np
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope = np.array(2.0)
    ...         self.intercept = np.array(1.0)
    ...     def forward(self, x):
    ...         return self.slope * x + self.intercept
    >>> line = Line()
    >>> line(3.0)
    np.float64(7.0)
    >>> dict(line.named_parameters())
    {'slope': array(2.), 'intercept': array(1.)}
    """

    buffers: ClassVar[tuple[str, ...]] = ()
    training = True

    def forward(self, *inputs: Any) -> Any:
        """What the module computes; a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} does not define forward(self, x)")

    def __call__(self, *inputs: Any) -> Any:
        y = self.forward(*inputs)
        if y is None:
            raise TypeError(f"{type(self).__name__}.forward returned None: is a `return` missing?")
        return y

    # -- what is in it -------------------------------------------------------------------------
    def named_parameters(self) -> list[tuple[str, Any]]:
        """Every trained array with its dotted name. An array in two places comes once."""
        return [(entry.name, entry.array) for entry in entries(self) if entry.keeper is None]

    def named_buffers(self) -> list[tuple[str, Any]]:
        """Every array that is kept but not trained, with its dotted name."""
        return [(entry.name, entry.array) for entry in entries(self) if entry.keeper is not None]

    def parameters(self) -> list[Any]:
        """Every trained array, in the order of `named_parameters`."""
        return [array for _, array in self.named_parameters()]

    def named_modules(self) -> list[tuple[str, Module]]:
        """This module, whose name is "", and every module inside it, each once."""
        inside = walk(self, "", {id(self)})
        return [("", self), *((path, m) for path, _, m, _ in inside if isinstance(m, Module))]

    # -- training and evaluation -----------------------------------------------------------------
    def train(self, training: bool = True) -> Self:
        """Let dropout drop and batch normalisation use its batch; returns the module."""
        for _, module in self.named_modules():
            module.training = bool(training)
        return self

    def eval(self) -> Self:
        """Let every layer compute what it does once training is over; returns the module."""
        return self.train(False)

    # -- to and from arrays ----------------------------------------------------------------------
    def state_dict(self) -> State:
        """A copy of every parameter and buffer, by name."""
        return {entry.name: np.array(entry.array) for entry in entries(self)}

    def load_state_dict(self, state: Mapping[str, Any]) -> Self:
        """Copy arrays into the module's own, all of them or, after an error, none."""
        own = {entry.name: entry for entry in entries(self)}
        missing, unknown = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
        if missing or unknown:
            parts = [f"{', '.join(missing)} missing"] if missing else []
            parts += [f"{', '.join(unknown)} unknown"] if unknown else []
            raise ValueError(f"the state does not fit {type(self).__name__}: {'; '.join(parts)}")
        fitting = {name: fitted(state[name], entry) for name, entry in own.items()}
        for name, value in fitting.items():
            entry = own[name]
            if entry.keeper is None:
                entry.array[...] = value  # in place: an array may stand in two places
            else:
                setattr(entry.keeper, entry.key, value)
        return self

    def save(self, path: Any) -> None:
        """Write the state dict to an .npz file, which is never seen half-written."""
        write_npz(path, self.state_dict())

    def load(self, path: Any) -> Self:
        """Read what `save` wrote into a module of the same structure; returns the module."""
        room = sum(WIDEST * np.size(entry.array) + HEADER for entry in entries(self))
        return self.load_state_dict(read_npz(path, room))

    # -- how it is shown ---------------------------------------------------------------------------
    def settings(self) -> str:
        """What stands in the brackets of this module's line when it is printed."""
        return ""

    def __repr__(self) -> str:
        return table(self)


def functional_call(
    model: Module,
    parameters: Mapping[str, Any],
    state: Mapping[str, Any],
    *inputs: Any,
    rng: np.random.Generator | None = None,
) -> tuple[Any, State]:
    """``(model(*inputs), new_state)``, with arrays given instead of the model's own.

    A pure function of its arguments, for `value_and_grad` and friends: the model is not touched.
    `parameters` and `state` are dicts by name, as in `named_parameters` and `named_buffers`; what
    they leave out keeps the model's own value, and is then a constant. `new_state` has every buffer
    as the call left it, with no derivative. `rng` takes the place of every generator that a module
    keeps under that name.

    >>> import numpy as np, autodiff as ad
    >>> from nn import Dense, functional_call
    >>> model = Dense(2, 1, np.random.default_rng(0))
    >>> x = np.array([[1.0, 2.0]])
    >>> def loss(parameters):
    ...     y, _ = functional_call(model, parameters, {}, x)
    ...     return np.sum(y)
    >>> ad.grad(loss)(dict(model.named_parameters()))
    {'weight': array([[1.], [2.]]), 'bias': array([1.])}
    """
    for what, given in (("parameters", parameters), ("state", state)):
        if not isinstance(given, Mapping):
            raise TypeError(
                f"functional_call(model, parameters, state, x): {what} must be a dict of arrays by "
                f"name, not {type(given).__name__}; see named_parameters and named_buffers"
            )
    values = {**parameters, **state}
    twin = Twin(model, values, None if rng is None else generator(rng, "functional_call"))
    if len(twin.used) != len(values):
        unknown = sorted(values.keys() - twin.used)
        raise ValueError(f"{type(model).__name__} has no array named {', '.join(unknown)}")
    y = twin.module(*inputs)
    return y, twin.state()


# -- walking a module ------------------------------------------------------------------------------
class Entry(NamedTuple):
    """A parameter, or a buffer and the module that keeps it."""

    name: str
    array: Any
    key: str
    keeper: Module | None


def buffers_of(module: Module) -> tuple[str, ...]:
    """The names of a module's own buffers, each of which must be there."""
    for name in module.buffers:
        if name not in vars(module):
            raise AttributeError(
                f"{type(module).__name__}.buffers names {name!r}, which is not an attribute of it"
            )
    return module.buffers


def parts_of(part: Any) -> list[tuple[str, Any]]:
    """The attributes or entries of a module, list, tuple or dict, with their names."""
    if isinstance(part, Module):
        buffers_of(part)
        return list(vars(part).items())
    if isinstance(part, dict):
        return [(str(key), value) for key, value in part.items()]
    names = getattr(part, "_fields", None) or map(str, range(len(part)))
    return list(zip(names, part, strict=True))


FOUND = (Module, list, tuple, dict, np.ndarray)  # what is looked for, and what is looked into


def walk(part: Any, name: str, seen: set[int]) -> Iterator[tuple[str, str, Any, Any]]:
    """``(dotted name, key, value, owner)`` of everything inside, in order; each object once."""
    for key, value in parts_of(part):
        if isinstance(value, FOUND):
            if id(value) in seen:
                continue
            seen.add(id(value))
        path = f"{name}.{key}" if name else key
        yield path, key, value, part
        if isinstance(value, FOUND) and not isinstance(value, np.ndarray):
            yield from walk(value, path, seen)


def entries(root: Module) -> Iterator[Entry]:
    """Every parameter and buffer of a module, each once."""
    for name, key, value, owner in walk(root, "", {id(root)}):
        if isinstance(owner, Module) and key in owner.buffers:
            yield Entry(name, value, key, owner)
        elif is_trained(value):
            yield Entry(name, value, key, None)


def is_trained(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


PLAIN = frozenset((int, float, bool, str, type(None)))  # settings: nothing is inside


class Twin:
    """A copy of a module in which the arrays named in `values` are those. What stands in two places
    of the module stands in two places of the copy."""

    def __init__(self, model: Module, values: Mapping[str, Any], rng: Any) -> None:
        self.values = values
        self.rng = rng
        self.used: set[str] = set()
        self.made: dict[int, Any] = {}  # the copy of each object, by its id
        self.kept: list[tuple[str, Module, str]] = []  # name, keeper and key of each buffer
        self.module = self.copy(model, "")

    def copy(self, part: Any, name: str) -> Any:
        if id(part) in self.made:
            return self.made[id(part)]
        under = f"{name}." if name else ""
        twin: Any
        if isinstance(part, Module):
            self.made[id(part)] = twin = object.__new__(type(part))
            inside = vars(twin)
            for key, value in vars(part).items():
                plain = value.__class__ in PLAIN
                inside[key] = value if plain else self.copy(value, f"{under}{key}")
            self.kept += [(f"{under}{key}", twin, key) for key in buffers_of(part)]
            if self.rng is not None and "rng" in inside:
                inside["rng"] = self.rng
            return twin
        if isinstance(part, (list, dict)):
            self.made[id(part)] = twin = copy.copy(part)
            for key, value in list(enumerate(part) if isinstance(part, list) else part.items()):
                twin[key] = self.copy(value, f"{under}{key}")
            return twin
        if isinstance(part, tuple):
            items = [self.copy(value, f"{under}{key}") for key, value in parts_of(part)]
            twin = type(part)(*items) if hasattr(part, "_fields") else tuple(items)
        elif name in self.values:
            self.used.add(name)
            twin = self.values[name]
            if np.shape(part) != shape_of(twin):
                raise wrong_shape(name, shape_of(twin), np.shape(part))
        else:
            return part
        self.made[id(part)] = twin
        return twin

    def state(self) -> State:
        """The buffers as they are now, with no derivative."""
        return {name: ad.stop_gradient(vars(keeper)[key]) for name, keeper, key in self.kept}


def shape_of(value: Any) -> Any:
    return value.shape if hasattr(value, "shape") else np.shape(value)


def wrong_shape(name: str, found: Any, expected: Any) -> ad.ShapeError:
    return ad.ShapeError(f"{name} has shape {found}, but the module's own has shape {expected}")


def fitted(value: Any, entry: Entry) -> Any:
    """An array from outside as the module keeps it: a copy, of the right shape and dtype."""
    own, found = np.asarray(entry.array), np.asarray(value)
    if found.shape != own.shape:
        raise wrong_shape(entry.name, found.shape, own.shape)
    if found.dtype.kind not in "biuf":
        raise TypeError(f"{entry.name} has dtype {found.dtype}, not numbers")
    return np.array(found, own.dtype)


# -- printing --------------------------------------------------------------------------------------
def table(root: Module) -> str:
    """A line for each module: how it was made, the shapes of its own arrays, and their number."""
    rows = []
    for name, module in root.named_modules():
        own = [e for e in entries(module) if e.name == e.key]
        settings = module.settings()
        title = "  " * (name.count(".") + 1) + f"{name}: " if name else ""
        title += type(module).__name__ + (f"({settings})" if settings else "")
        shapes = ", ".join(f"{e.key} {np.shape(e.array)}" for e in own)
        rows.append((title, shapes, sum(e.array.size for e in own if e.keeper is None)))
    total = sum(array.size for array in root.parameters())
    rows[0] = (*rows[0][:2], total)
    wide, wider = (max(len(row[k]) for row in rows) for k in (0, 1))
    figures = len(f"{total:,}")
    lines = []
    for title, shapes, count in rows:
        number = f"{count:>{figures},}" if count else ""
        lines.append(f"{title:<{wide}}  {shapes:<{wider}}  {number}".rstrip())
    return "\n".join([lines[0] + (" parameters" if total else ""), *lines[1:]])
