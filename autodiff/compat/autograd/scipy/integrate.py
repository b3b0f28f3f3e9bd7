"""Integrals and differential equations: no derivatives yet; a tracked argument is refused."""

from .borrowed import unfilled

__getattr__ = unfilled("scipy.integrate", "odeint")
