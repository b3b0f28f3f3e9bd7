"""Forms of scipy.special, by NumPy's protocol, and of the stable functions of autodiff.special."""

# ruff: noqa: E501 - one entry of the table a line
from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.special as sp
from forms import Form

import autodiff as ad

stable = ad.special

x = np.array([0.6, -1.3, 2.2])
y = np.array([0.5, 1.4, 2.3])
p = np.array([0.2, 0.55, 0.9])
X = np.array([[0.6, -1.3, 2.2], [1.5, 0.3, -0.8]])
z = np.array([0.6 + 0.2j, 1.3 - 0.5j])


def in_double(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f` for a finite difference: SciPy has no functions of long doubles."""

    def reference(*args: Any) -> Any:
        kinds = {"f": np.float64, "c": np.complex128}
        return f(*(a.astype(kinds[a.dtype.kind]) for a in args))

    return reference


def form(name: str, f: Callable[..., Any], *args: Any, **more: Any) -> Form:
    return Form(f"scipy.special.{name}", f, *args, **{"reference": in_double(f), **more})


def refused(name: str, f: Callable[..., Any], *args: Any, message: str = "") -> Form:
    return Form(f"scipy.special.{name}", f, *args, refused=message or True)


def normal_log_likelihood(x: Any, mu: Any, sigma: Any) -> Any:
    """Of data cut off on the left at -3."""
    u = (x - mu) / sigma
    return np.sum(-0.5 * u * u - np.log(sigma)) - np.size(x) * sp.log_ndtr((3 + mu) / sigma)


def gelu(x: Any) -> Any:
    return x * sp.ndtr(x)


def filled(x: Any) -> Any:
    out = np.zeros_like(x)
    sp.expit(x, out=out)
    return out


ONE_ARGUMENT = {
    "expit": x, "log_expit": x, "logit": p, "softplus": x,
    "erf": x, "erfc": x, "erfcx": x, "erfi": x, "erfinv": p, "erfcinv": p, "dawsn": x,
    "ndtr": x, "log_ndtr": x, "ndtri": p, "ndtri_exp": -y,
    "gamma": x, "gammaln": x, "loggamma": y, "psi": x, "digamma": y,
    "entr": y, "cbrt": x, "exp2": x, "exp10": x, "expm1": x, "log1p": y, "cosm1": x,
    "sindg": 40 * x, "cosdg": 40 * x, "tandg": 20 * x, "cotdg": 20 * y, "exprel": x, "spence": y,
    "expi": y, "exp1": y, "sinc": x, "round": x,
    "j0": x, "j1": x, "y0": y, "y1": y, "i0": x, "i1": x, "k0": y, "k1": y,
    "i0e": x, "i1e": x, "k0e": y, "k1e": y,
    "ellipk": p, "ellipe": p, "ellipkm1": p, "rgamma": x, "zeta": y + 1, "zetac": y + 1,
    "wrightomega": x, "kolmogorov": p, "kolmogi": p, "itstruve0": y, "itmodstruve0": y, "wofz": z,
    "ber": y, "bei": y, "ker": y, "kei": y, "berp": y, "beip": y, "kerp": y, "keip": y,
}  # fmt: skip

POLYNOMIALS = "legendre chebyt chebyu chebyc chebys sh_legendre sh_chebyt sh_chebyu laguerre hermite hermitenorm".split()

HERE = {name: a for name, a in ONE_ARGUMENT.items() if hasattr(sp, name)}  # softplus: SciPy 1.17

FORMS = [
    *(form(f"{name}(x)", getattr(sp, name), a) for name, a in HERE.items()),
    # two arguments and more
    form("beta(a, b)", sp.beta, y, p),
    form("betaln(a, b), broadcast", sp.betaln, y[:, None], p),
    form("gammainc(a, x)", lambda x: sp.gammainc(2.5, x), y),
    form("gammaincc(array, x)", lambda x: sp.gammaincc(p, x), y),
    form("gammaincinv(a, p)", lambda x: sp.gammaincinv(2.5, x), p),
    form("gammainccinv(a, p)", lambda x: sp.gammainccinv(2.5, x), p),
    form("betainc(a, b, x)", lambda x: sp.betainc(2.0, 3.5, x), p),
    form("betaincc(a, b, x)", lambda x: sp.betaincc(2.0, 3.5, x), p),
    form("betaincinv(a, b, p)", lambda x: sp.betaincinv(2.0, 3.5, x), p),
    form("gammainc(a, x), a tracked", sp.gammainc, y, y),
    form("gammaincinv(a, p), a tracked", sp.gammaincinv, y, p),
    form("betainc(a, b, x), a and b tracked", sp.betainc, y, y + 1, p),
    form("betaincinv(a, b, p), a and b tracked", sp.betaincinv, y, y + 1, p),
    form("stdtr(v, t), v tracked", sp.stdtr, y, x),
    form("stdtrit(v, p), v tracked", sp.stdtrit, y, p),
    form("chdtr(v, x), v tracked", sp.chdtr, y, y),
    form("fdtr(m, n, x), all tracked", sp.fdtr, y, y + 1, y),
    form("gdtr(a, b, x), all tracked", sp.gdtr, y, y + 1, y),
    form("zeta(3, q)", lambda x: sp.zeta(3.0, x), y),
    form("xlogy(x, y)", sp.xlogy, x, y),
    form("xlogy(x, x)", lambda x: sp.xlogy(x, x), y),
    form("xlog1py(x, y)", sp.xlog1py, x, y),
    form("rel_entr(x, y)", sp.rel_entr, y, p),
    form("kl_div(x, y)", sp.kl_div, y, p),
    form("huber(delta, r)", sp.huber, y, x),
    form("pseudo_huber(delta, r)", sp.pseudo_huber, y, x),
    form("powm1(x, y)", sp.powm1, y, x),
    form("boxcox(x, lambda)", sp.boxcox, y, x),
    form("boxcox1p(x, lambda)", sp.boxcox1p, y, x),
    form("inv_boxcox(x, lambda)", sp.inv_boxcox, y, p),
    form("inv_boxcox1p(x, lambda)", sp.inv_boxcox1p, y, p),
    form("jv(2, x)", lambda x: sp.jv(2, x), x),
    form("jv(0.5, x)", lambda x: sp.jv(0.5, x), y),
    form("jv(orders, x)", lambda x: sp.jv(np.arange(4)[:, None], x), x),
    form("jn(3, x)", lambda x: sp.jn(3, x), x),
    form("yv(0.5, x)", lambda x: sp.yv(0.5, x), y),
    form("yn(2, x)", lambda x: sp.yn(2, x), y),
    form("iv(1.5, x)", lambda x: sp.iv(1.5, x), y),
    form("ive(1, x)", lambda x: sp.ive(1, x), x),
    form("kv(1.5, x)", lambda x: sp.kv(1.5, x), y),
    form("kn(2, x)", lambda x: sp.kn(2, x), y),
    form("kve(1.5, x)", lambda x: sp.kve(1.5, x), y),
    form("hankel1(1, x)", lambda x: sp.hankel1(1, x), y),
    form("jvp(2, x)", lambda x: sp.jvp(2, x), x),
    form("expn(2, x)", lambda x: sp.expn(2, x), y),
    form("hyp0f1(b, x)", lambda x: sp.hyp0f1(1.5, x), x),
    form("hyp1f1(a, b, x)", lambda x: sp.hyp1f1(0.7, 1.5, x), x),
    form("hyp2f1(a, b, c, x)", lambda x: sp.hyp2f1(0.7, 1.5, 2.5, x), p),
    # elliptic integrals and functions
    form("ellipkinc(phi, m)", sp.ellipkinc, x, p, order=1),
    form("ellipkinc(phi, 0.4)", lambda x: sp.ellipkinc(x, 0.4), x),
    form("ellipeinc(phi, m)", sp.ellipeinc, x, p, order=1),
    form("ellipj(u, 0.4)", lambda x: sp.ellipj(x, 0.4), x),
    form("ellipj(0.8, m)", lambda m: sp.ellipj(0.8, m)[0], p, order=1),
    form("agm(x, y)", sp.agm, y, p),
    # functions of several results
    *(form(f"{name}(x)", getattr(sp, name), y) for name in "sici shichi fresnel itj0y0 iti0k0 airy".split()),
    form("sici(x)[1]", lambda x: sp.sici(x)[1], y),
    form("pbdv(1.5, x)", lambda x: sp.pbdv(1.5, x), y),
    form("pbwa(1.5, x)", lambda x: sp.pbwa(1.5, x), y),
    form("struve(1.5, x)", lambda x: sp.struve(1.5, x), y),
    form("modstruve(1.5, x)", lambda x: sp.modstruve(1.5, x), y),
    form("jve(1.5, x)", lambda x: sp.jve(1.5, x), y),
    form("yve(1.5, x)", lambda x: sp.yve(1.5, x), y),
    form("voigt_profile(x, sigma, gamma)", sp.voigt_profile, x, y, p),
    form("zeta(x, q)", sp.zeta, y + 1, p),
    form("poch(a, m)", sp.poch, y, p),
    form("binom(n, k)", sp.binom, y + 3, p),
    # distributions
    *(form(f"{name}(3, x)", partial(getattr(sp, name), 3.0), y) for name in "chdtr chdtrc stdtr pdtr pdtrc".split()),
    *(form(f"{name}(3, p)", partial(getattr(sp, name), 3.0), p) for name in ("chdtri", "stdtrit")),
    *(form(f"{name}(3, 5, x)", partial(getattr(sp, name), 3.0, 5.0), y) for name in ("fdtr", "fdtrc")),
    *(form(f"{name}(2, 7, p)", partial(getattr(sp, name), 2, 7), p) for name in "bdtr bdtrc bdtri nbdtr nbdtrc nbdtri".split()),
    form("fdtri(3, 5, p)", lambda x: sp.fdtri(3.0, 5.0, x), p),
    form("pdtri(2, p)", lambda x: sp.pdtri(2, x), p),
    form("gdtr(a, 2.5, x)", lambda a, x: sp.gdtr(a, 2.5, x), y, p),
    form("gdtrc(a, 2.5, x)", lambda a, x: sp.gdtrc(a, 2.5, x), y, p),
    form("gdtrix(a, 2.5, p)", lambda a, x: sp.gdtrix(a, 2.5, x), y, p),
    form("nrdtrimn(p, sd, x)", sp.nrdtrimn, p, y, x),
    form("nrdtrisd(mn, p, x)", sp.nrdtrisd, x, p / 4, x - 1),
    form("owens_t(h, a)", sp.owens_t, x, p),
    # orthogonal polynomials
    *(form(f"eval_{name}(4, x)", partial(getattr(sp, f"eval_{name}"), 4), x) for name in POLYNOMIALS),
    form("eval_legendre(2.5, x)", lambda x: sp.eval_legendre(2.5, x), p),
    form("eval_gegenbauer(4, 0.7, x)", lambda x: sp.eval_gegenbauer(4, 0.7, x), p),
    form("eval_jacobi(4, 0.7, 1.2, x)", lambda x: sp.eval_jacobi(4, 0.7, 1.2, x), p),
    form("eval_genlaguerre(4, 0.7, x)", lambda x: sp.eval_genlaguerre(4, 0.7, x), x),
    form("airy(z)", sp.airy, z),
    form("fresnel(z)", sp.fresnel, z),
    form("rgamma(z)", sp.rgamma, z, order=1),
    form("lambertw(x)", lambda x: sp.lambertw(x).real, y),
    # complex arguments
    form("erf(z)", sp.erf, z),
    form("gamma(z)", sp.gamma, z, order=1),  # polygamma of a complex number is not in SciPy
    form("jv(1, z)", lambda z: sp.jv(1, z), z),
    form("xlogy(z, w)", sp.xlogy, z, z[::-1] + 1),
    # arguments of every ufunc
    form("expit(x), a Python float", sp.expit, 0.3),
    form("expit(float32)", sp.expit, x.astype(np.float32), reference=in_double(sp.expit)),
    form("erf(float32)", sp.erf, x.astype(np.float32)),
    form("jv(1, float32)", lambda x: sp.jv(1, x), x.astype(np.float32)),
    form("expit(x, out=out)", filled, x),
    # programs
    form("ndtr(x) in GELU", gelu, x),
    form("log_ndtr in a likelihood", normal_log_likelihood, x, 0.4, 1.7),
    form("gammaln in a Dirichlet density", lambda a: np.sum(sp.xlogy(a - 1, p)) + sp.gammaln(np.sum(a)) - np.sum(sp.gammaln(a)), y),
    # refused
    refused("jv(v, x), order tracked", sp.jv, y, x, message="order"),
    refused("kv(v, x), order tracked", lambda v: sp.kv(v, 1.0), 0.5, message="scipy.special.kv"),
    refused("hyp2f1(a, b, c, x), c tracked", lambda c: sp.hyp2f1(1.0, 1.0, c, 0.3), 2.0),
    refused("ellipkinc(phi, m), twice in m", lambda m: ad.grad(lambda m: sp.ellipkinc(1.0, m))(m), 0.3, message="a second time"),
    refused("pbdv(v, x), v tracked", lambda v: sp.pbdv(v, 1.0)[0], 0.5, message="its order"),
    refused("eval_legendre(n, x), n tracked", lambda n: sp.eval_legendre(n, 0.3), 2.0, message="its degree n"),
    refused("bdtr(k, n, p), k tracked", lambda k: sp.bdtr(k, 4, 0.3), 1.0, message="its count k"),
    refused("itairy(x)", lambda x: sp.itairy(x)[0], y, message="scipy.special.itairy"),
    refused("sici(x, out=out)", lambda x: sp.sici(x, out=(np.zeros(3), np.zeros(3)))[0], y, message="out="),
    refused("logsumexp(x)", sp.logsumexp, x, message="use autodiff.special.logsumexp"),
    refused("softmax(x)", sp.softmax, x, message="use autodiff.special.softmax"),
    refused("log_softmax(x)", sp.log_softmax, x, message="use autodiff.special.log_softmax"),
    refused("polygamma(1, x)", lambda x: sp.polygamma(1, x), y, message="use autodiff.special.polygamma"),
    refused("multigammaln(x, 2)", lambda x: sp.multigammaln(x, 2), 3.0, message="use autodiff.special.multigammaln"),
    refused("logsumexp of a list", lambda a, b: sp.logsumexp([a, b]), 1.0, 2.0, message="use autodiff.special.logsumexp"),
    refused("comb(n, 2)", lambda n: sp.comb(n, 2), 5.0),
    refused("spherical_jn(1, x)", lambda x: sp.spherical_jn(1, x), y, message="spherical"),
    # autodiff.special
    Form("autodiff.special.sigmoid(x)", stable.sigmoid, x),
    Form("autodiff.special.log_sigmoid(x)", stable.log_sigmoid, x),
    Form("autodiff.special.softplus(x)", stable.softplus, x),
    Form("autodiff.special.log1mexp(x)", stable.log1mexp, y),
    Form("autodiff.special.xlogy(x, y)", stable.xlogy, x, y),
    Form("autodiff.special.xlog1py(x, y)", stable.xlog1py, x, y),
    Form("autodiff.special.softmax(x)", stable.softmax, x),
    Form("autodiff.special.softmax(X, axis=0)", lambda x: stable.softmax(x, axis=0), X),
    Form("autodiff.special.softmax(X, axis=(0, 1))", lambda x: stable.softmax(x, axis=(0, 1)), X),
    Form("autodiff.special.softmax(float32)", stable.softmax, X.astype(np.float32)),
    Form("autodiff.special.log_softmax(X, axis=-1)", lambda x: stable.log_softmax(x, axis=-1), X),
    Form("autodiff.special.logsumexp(X)", stable.logsumexp, X),
    Form("autodiff.special.logsumexp(X, axis=1, keepdims=True)", lambda x: stable.logsumexp(x, axis=1, keepdims=True), X),
    Form("autodiff.special.logsumexp(list)", lambda a, b: stable.logsumexp([a, b, 1.0]), 0.3, 1.2),
    Form("autodiff.special.logsumexp(X, b=b)", lambda x, b: stable.logsumexp(x, axis=0, b=b), X, np.abs(X)),
    Form("autodiff.special.logsumexp(X, b=constant)", lambda x: stable.logsumexp(x, axis=0, b=np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0]])), X),
    Form("autodiff.special.logsumexp(X, b=signed, return_sign=True)", lambda x: stable.logsumexp(x, axis=1, b=np.array([1.0, 2.0, -3.0]), return_sign=True), X),
    Form("autodiff.special.polygamma(2, x)", lambda x: stable.polygamma(2, x), y, reference=in_double(lambda x: stable.polygamma(2, x))),
    Form("autodiff.special.multigammaln(x, 3)", lambda x: stable.multigammaln(x, 3), y + 1, reference=in_double(lambda x: stable.multigammaln(x, 3))),
    Form("autodiff.special.polygamma(n, x), n tracked", stable.polygamma, 1.0, 2.0, refused="polygamma"),
    Form("autodiff.special.softmax(z)", stable.softmax, z, refused="softmax"),
]  # fmt: skip
