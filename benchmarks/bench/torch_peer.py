"""PyTorch, eager and through torch.compile, on one thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import models
import numpy as np
import torch
from contestant import CannotError, Contestant, functions

torch.set_num_threads(1)


class Torch(Contestant):
    name = "PyTorch"
    version = torch.__version__
    ops = functions(
        torch,
        "exp log sin cos tanh sqrt sum mean concatenate reshape swapaxes stack sigmoid logsumexp",
        softplus=torch.nn.functional.softplus,
        elu=lambda z: torch.nn.functional.elu(z, models.SLOPE),
    )

    def array(self, x: Any) -> Any:
        return torch.tensor(x, dtype=torch.float64 if isinstance(x, float) else None)

    def compiled(self, f: Callable[..., Any]) -> Callable[..., Any]:
        return f

    def value(self, f: Callable[..., Any]) -> Callable[..., Any]:
        f = self.compiled(f)

        def run(*args: Any) -> Any:
            with torch.no_grad():
                return f(*args)

        return run

    def value_and_grad(self, f: Callable[..., Any], argnums: tuple[int, ...]) -> Any:
        f = self.compiled(f)

        def run(*args: Any) -> Any:
            inputs = [a.detach().requires_grad_(i in argnums) if a.is_floating_point() else a
                      for i, a in enumerate(args)]  # fmt: skip
            y = f(*inputs)
            return y.detach(), torch.autograd.grad(y, [inputs[i] for i in argnums])

        return run

    def hessian(self, f: Callable[..., Any]) -> Callable[..., Any]:
        return self.compiled(torch.func.hessian(f))

    def jacobians(self, f: Callable[..., Any], argnums: tuple[int, ...]) -> Callable[..., Any]:
        return self.compiled(torch.func.vmap(torch.func.jacrev(f, argnums)))

    def step(self, f: Callable[..., Any], count: int, rate: float) -> Callable[..., Any]:
        gradient = self.value_and_grad(f, tuple(range(count)))

        def update(*args: Any) -> Any:
            _, slopes = gradient(*args)
            return [p - rate * g for p, g in zip(args, slopes, strict=False)]

        return update

    def plain(self, x: Any) -> np.ndarray[Any, Any]:
        return x.detach().numpy()


class TorchCompile(Torch):
    name = "torch.compile"

    def compiled(self, f: Callable[..., Any]) -> Callable[..., Any]:
        return torch.compile(f)

    def begin(self) -> None:
        """All workloads arrive as partial functions, which share one count of compilations; past
        its limit torch.compile would go on without compiling."""
        torch.compiler.reset()

    @property
    def lstm(self) -> Any:
        raise CannotError("its unrolled loop takes minutes to compile")


def make(name: str) -> Contestant:
    return Torch() if name == "PyTorch" else TorchCompile()
