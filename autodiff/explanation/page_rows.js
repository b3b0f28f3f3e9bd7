"use strict";
// Values of rows, and nothing else: no derivative is written here. A program is a list of
// [function, operands, parameters, result]; a value is {s: shape, d: entries}.
const autodiffRows = (() => {
  const TINY = 2.2250738585072014e-308;
  const bool = (x) => (x ? 1 : 0);
  const size = (s) => s.reduce((n, k) => n * k, 1);
  const even = (x) => {  // to the nearest, halves to even, as NumPy rounds
    const low = Math.floor(x), rest = x - low;
    if (rest !== 0.5) return Math.round(x);
    return low % 2 === 0 ? low : low + 1;
  };
  const sigmoid = (x) => { const e = Math.exp(-Math.abs(x)); return (x < 0 ? e : 1) / (1 + e); };
  const logaddexp = (a, b) => {
    if (a === b) return a + Math.LN2;
    const d = a - b;
    if (d > 0) return a + Math.log1p(Math.exp(-d));
    return d <= 0 ? b + Math.log1p(Math.exp(d)) : NaN;
  };
  const power = (a, b) => {  // JavaScript says nan for 1^nan and 1^inf
    if (b === 0 || a === 1) return 1;
    if (a === -1 && Math.abs(b) === Infinity) return 1;
    return b === 0.5 ? (a === -Infinity ? Infinity : Math.sqrt(a) + 0) : Math.pow(a, b);
  };
  const remainder = (a, b) => { const r = a % b; return r !== 0 && (r < 0) !== (b < 0) ? r + b : r; };
  const one = {
    negative: (x) => -x, positive: (x) => x, square: (x) => x * x,
    sqrt: Math.sqrt, root: Math.sqrt, cbrt: Math.cbrt, reciprocal: (x) => 1 / x,
    exp: Math.exp, exp2: (x) => Math.pow(2, x), expm1: Math.expm1,
    log: Math.log, log2: Math.log2, log10: Math.log10, log1p: Math.log1p,
    sin: Math.sin, cos: Math.cos, tan: Math.tan,
    arcsin: Math.asin, arccos: Math.acos, arctan: Math.atan,
    sinh: Math.sinh, cosh: Math.cosh, tanh: Math.tanh,
    arcsinh: Math.asinh, arccosh: Math.acosh, arctanh: Math.atanh,
    one_minus_square: (x) => (1 - x) * (1 + x),
    sech_squared: (x) => { const s = 1 / Math.cosh(x); return s * s; },
    absolute: Math.abs, fabs: Math.abs, sign: Math.sign,
    sigmoid,
    sigmoid_slope: (x) => { const e = Math.exp(-Math.abs(x)); return e / ((1 + e) * (1 + e)); },
    softplus: (x) => (x > 0 ? x : x === x ? 0 : x) + Math.log1p(Math.exp(-Math.abs(x))),
    floor: Math.floor, ceil: Math.ceil, trunc: Math.trunc, rint: even,
    isnan: (x) => bool(x !== x), isfinite: (x) => bool(Number.isFinite(x)),
    isinf: (x) => bool(Math.abs(x) === Infinity), logical_not: (x) => bool(x === 0),
    deg2rad: (x) => x * (Math.PI / 180), radians: (x) => x * (Math.PI / 180),
    rad2deg: (x) => x * (180 / Math.PI), degrees: (x) => x * (180 / Math.PI),
  };
  const two = {
    add: (a, b) => a + b, subtract: (a, b) => a - b,
    multiply: (a, b) => a * b, divide: (a, b) => a / b,
    power, float_power: power,
    maximum: (a, b) => (a > b || a !== a ? a : b), minimum: (a, b) => (a < b || a !== a ? a : b),
    fmax: (a, b) => (a > b || b !== b ? a : b), fmin: (a, b) => (a < b || b !== b ? a : b),
    greater: (a, b) => bool(a > b), greater_equal: (a, b) => bool(a >= b),
    less: (a, b) => bool(a < b), less_equal: (a, b) => bool(a <= b),
    equal: (a, b) => bool(a === b), not_equal: (a, b) => bool(a !== b),
    logical_and: (a, b) => bool(a !== 0 && b !== 0),
    logical_or: (a, b) => bool(a !== 0 || b !== 0),
    logical_xor: (a, b) => bool((a !== 0) !== (b !== 0)),
    shifted: (a, b) => (a === b ? 0 : a - b),
    hypot: Math.hypot,
    sine: (a, b) => {
      const s = 1 / Math.max(Math.abs(a), Math.abs(b), TINY), u = a * s, v = b * s;
      return v * (1 / (Math.sqrt(u * u + v * v) || 1));
    },
    arctan2_slope: (a, b) => {
      const s = 1 / Math.max(Math.abs(a), Math.abs(b), TINY), u = a * s, v = b * s;
      return v / (u * u + v * v) * s;
    },
    arctan2: Math.atan2,
    direction: (a, b) => a / (b === 0 ? 1 : b), logaddexp,
    xlogy: (a, b) => (a === 0 && b === b ? 0 : a * Math.log(b)),
  };

  // -- entry by entry, with NumPy's broadcasting ----------------------------------------------
  const strides = (from, to) => {
    const found = new Array(to.length).fill(0);
    let step = 1;
    for (let k = from.length - 1, j = to.length - 1; k >= 0; k--, j--) {
      found[j] = from[k] === 1 ? 0 : step;
      step *= from[k];
    }
    return found;
  };
  const places = (from, to) => {
    const count = size(to), by = strides(from, to), found = new Array(count);
    for (let n = 0; n < count; n++) {
      let rest = n, at = 0;
      for (let k = to.length - 1; k >= 0; k--) {
        at += (rest % to[k]) * by[k];
        rest = Math.floor(rest / to[k]);
      }
      found[n] = at;
    }
    return found;
  };
  const entrywise = (f, operands, shape) => {
    const at = operands.map((x) => (size(x.s) === 1 ? null : places(x.s, shape)));
    const entry = (k, n) => operands[k].d[at[k] ? at[k][n] : 0];
    const found = new Array(size(shape));
    for (let n = 0; n < found.length; n++) {
      found[n] = operands.length === 1 ? f(entry(0, n))
        : operands.length === 2 ? f(entry(0, n), entry(1, n))
          : f(entry(0, n), entry(1, n), entry(2, n));
    }
    return found;
  };

  // -- of groups of entries: `at` has, for each entry, the number of its group -----------------
  const reduced = (start, f) => ([x], { at }, shape) => {
    const found = new Array(size(shape)).fill(start);
    x.d.forEach((v, n) => { found[at[n]] = f(found[at[n]], v); });
    return found;
  };
  const running = (start, f) => ([x], { at }) => {
    const last = [];
    return x.d.map((v, n) => (last[at[n]] = f(at[n] in last ? last[at[n]] : start, v)));
  };
  const largest = (x, at) => {
    const found = [];
    x.forEach((v, n) => { found[at[n]] = at[n] in found ? two.maximum(found[at[n]], v) : v; });
    return found;
  };
  const sums = (x, at) => {
    const found = [];
    x.forEach((v, n) => { found[at[n]] = (found[at[n]] || 0) + v; });
    return found;
  };
  const lse = (x, at) => {  // log1p keeps the digits that 1 + rest would lose
    const top = largest(x, at);
    const many = sums(x.map((v, n) => bool(v === top[at[n]])), at).map((n) => Math.max(n, 1));
    const rest = sums(x.map((v, n) => (v === top[at[n]] ? 0 : Math.exp(v - top[at[n]]))), at);
    return top.map((t, k) => t + (Math.log1p(rest[k] / many[k]) + Math.log(many[k])));
  };
  const centred = (x, at) => {
    const top = largest(x, at).map((t) => (t === -Infinity ? 0 : t));
    return x.map((v, n) => two.shifted(v, top[at[n]]));
  };
  const shares = (x, at) => {
    const e = centred(x, at).map(Math.exp), total = sums(e, at);
    return e.map((v, n) => v / (total[at[n]] === 0 ? 1 : total[at[n]]));
  };
  const others = {
    take: (operands, { at }) => {
      const all = operands.length === 1 ? operands[0].d : operands.flatMap((x) => x.d);
      return at.map((k) => (k < 0 ? 0 : all[k]));
    },
    add_at: reduced(0, two.add), multiply_at: reduced(1, two.multiply),
    max_at: reduced(-Infinity, (a, b) => (b > a || b !== b ? b : a)),
    min_at: reduced(Infinity, (a, b) => (b < a || b !== b ? b : a)),
    any_at: reduced(0, two.logical_or), all_at: reduced(1, two.logical_and),
    cumsum_at: running(0, two.add), cumprod_at: running(1, two.multiply),
    norm_at: ([x], { at }, shape) => {
      const found = new Array(size(shape)).fill(0);
      x.d.forEach((v, n) => { found[at[n]] = Math.hypot(found[at[n]], v); });
      return found;
    },
    logsumexp_at: ([x], { at }) => lse(x.d, at),
    softmax_at: ([x], { at }) => shares(x.d, at),
    log_softmax_at: ([x], { at }) => {
      const below = centred(x.d, at), total = lse(below, at);
      return below.map((v, n) => v - total[at[n]]);
    },
    log_loss_at: ([x, named], { at }) => {
      const label = sums(x.d.map((v, n) => (named.d[n] ? v : 0)), at);
      return lse(x.d.map((v, n) => two.shifted(v, label[at[n]])), at);
    },
    log_loss_slope_at: ([x, named], { at }) => {
      const p = shares(x.d, at).map((v, n) => (named.d[n] ? 0 : v)), total = sums(p, at);
      return p.map((v, n) => (named.d[n] ? -total[at[n]] : v));
    },
    contract: ([x, y], { a, b, o }, shape) => {
      const found = new Array(size(shape)).fill(0);
      o.forEach((k, n) => { found[k] += x.d[a[n]] * y.d[b[n]]; });
      return found;
    },
  };

  const number = (x) => (x === "nan" ? NaN : x === "inf" ? Infinity : x === "-inf" ? -Infinity : x);
  const value = (slot) => ({ s: slot.s, b: slot.b, t: slot.t, u: slot.u, d: slot.d ? slot.d.map(number) : null });
  const call = (name, operands, params, shape) => {
    if (Object.hasOwn(one, name)) return entrywise(one[name], operands, shape);
    if (Object.hasOwn(two, name)) return entrywise(two[name], operands, shape);
    if (name === "where") return entrywise((c, a, b) => (c ? a : b), operands, shape);
    if (Object.hasOwn(others, name)) return others[name](operands, params, shape);
    throw new Error("unknown row " + name);
  };
  // Runs a program over its slots; those of inputs and constants are read.
  const run = (ops, slots) => {
    for (const [name, operands, params, made] of ops) {
      slots[made].d = call(name, operands.map((k) => slots[k]), params, slots[made].s);
    }
  };
  const names = [...Object.keys(one), ...Object.keys(two), "where", ...Object.keys(others)];
  return { run, value, names };
})();
if (typeof module !== "undefined") module.exports = autodiffRows;
