"""Small programs as scientists write them, for any module `np` with NumPy's names: each takes `np`
and a vector of three parameters, and returns a number."""

N = 6


def arma(np, p):
    y, e = np.zeros(N), np.sin(np.arange(N) + 1.0)
    y[0] = e[0]
    for t in range(1, N):
        y[t] = p[0] * y[t - 1] + e[t] + p[1] * e[t - 1]
    return np.sum(y**2) * p[2]


def iir_filter(np, p):
    x = np.cos(np.linspace(0, 3, N))
    y = np.zeros_like(x)
    for n in range(N):
        y[n] = p[0] * x[n]
        if n:
            y[n] += p[1] * x[n - 1] - 0.5 * p[2] * y[n - 1]
    return np.sum(y**2)


def runge_kutta(np, p):
    def f(y):
        return np.array([p[0] * y[1], -p[1] * np.sin(y[0]) - 0.1 * p[2] * y[1]])

    path = np.zeros((N, 2))
    path[0] = [1.0, 0.0]
    h = 0.1
    for k in range(N - 1):
        y = path[k]
        k1 = f(y)
        k2 = f(y + h / 2 * k1)
        k3 = f(y + h / 2 * k2)
        k4 = f(y + h * k3)
        path[k + 1] = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return np.sum(path[:, 0] ** 2)


def wave(np, p):
    u = np.zeros((4, N))
    u[0] = np.sin(np.linspace(0, np.pi, N)) * p[0]
    u[1] = u[0]
    for t in range(1, 3):
        lap = u[t, 2:] - 2 * u[t, 1:-1] + u[t, :-2]
        u[t + 1, 1:-1] = 2 * u[t, 1:-1] - u[t - 1, 1:-1] + p[1] * lap
    return np.sum(u[-1] ** 2) * p[2]


def elements_add_at(np, p):
    k = np.zeros((4, 4))
    for e in range(3):
        local = p[e] * np.array([[1.0, -1.0], [-1.0, 1.0]])
        np.add.at(k, np.ix_([e, e + 1], [e, e + 1]), local)
    return np.linalg.solve(k[1:, 1:], np.ones(3))[-1]


def elements_ix(np, p):
    k = np.eye(4) * 0.1
    for e in range(3):
        k[np.ix_([e, e + 1], [e, e + 1])] += np.array([[p[e], -p[e]], [-p[e], p[e]]])
    return np.log(np.linalg.det(k))


def garch(np, p):
    r = np.sin(np.arange(N) * 1.7)
    s = np.empty(N)
    s[0] = 1.0
    for t in range(1, N):
        s[t] = p[0] + p[1] * r[t - 1] ** 2 + p[2] * s[t - 1]
    return 0.5 * np.sum(np.log(s) + r**2 / s)


def soft_dtw(np, p):
    a, b = np.array([p[0], p[1], p[2], 1.0]), np.linspace(0, 1, 4)
    r = np.full((5, 5), 1e3)
    r[0, 0] = 0.0
    for i in range(1, 5):
        for j in range(1, 5):
            z = np.array([r[i - 1, j - 1], r[i - 1, j], r[i, j - 1]])
            m = np.min(z)
            r[i, j] = (a[i - 1] - b[j - 1]) ** 2 + m - np.log(np.sum(np.exp(m - z)))
    return r[-1, -1]


def cayley(np, p):
    s = np.zeros((3, 3))
    s[0, 1], s[0, 2], s[1, 2] = p
    s = s - s.T
    q = np.linalg.solve(np.eye(3) + s, np.eye(3) - s)
    return np.sum(q * np.arange(9.0).reshape(3, 3))


def tight_binding(np, p):
    h = np.zeros((4, 4), dtype=complex)
    for k in range(3):
        h[k, k + 1] = p[0] * np.exp(1j * p[1] * (k + 1))
        h[k + 1, k] = np.conj(h[k, k + 1])
    h[3, 0] = p[2]
    h[0, 3] = p[2]
    return np.real(np.trace(h @ h @ h @ h))


def kalman(np, p):
    z = np.cos(np.arange(N) * 0.5)
    m, v = np.zeros(N), np.zeros(N)
    m[0], v[0] = z[0], 1.0
    for t in range(1, N):
        a, c = p[0] * m[t - 1], p[0] ** 2 * v[t - 1] + p[1]
        g = c / (c + p[2])
        m[t] = a + g * (z[t] - a)
        v[t] = (1 - g) * c
    for t in reversed(range(N - 1)):
        m[t] += p[0] * v[t] / (p[0] ** 2 * v[t] + p[1]) * (m[t + 1] - p[0] * m[t])
    return np.sum(m**2)


def thin_film(np, p):
    total = np.eye(2, dtype=complex)
    for k in range(3):
        n = 1.0 + p[k]
        layer = np.array([[np.cos(n), 1j * np.sin(n) / n], [1j * n * np.sin(n), np.cos(n)]])
        total = total @ layer
    b, c = total @ np.array([1.0, 1.5])
    return np.abs((b - c) / (b + c)) ** 2


def lu_by_hand(np, p):
    a = np.eye(3) * 3
    a[0, 1:] = p[:2]
    a[1:, 0] = p[1:]
    lower = np.eye(3)
    for k in range(2):
        for i in range(k + 1, 3):
            lower[i, k] = a[i, k] / a[k, k]
            a[i] -= lower[i, k] * a[k]
    return np.sum(np.log(np.diag(a))) + lower[2, 0]


def gauss_seidel(np, p):
    x, b = np.zeros(3), np.array([p[0], p[1], 1.0])
    a = np.full((3, 3), 0.3) + np.eye(3) * (2 + p[2])
    for _ in range(4):
        for i in range(3):
            x[i] = (b[i] - a[i] @ x + a[i, i] * x[i]) / a[i, i]
    return np.sum(x**2)


def cellular_grid(np, p):
    g = np.zeros((4, 4))
    g[1:3, 1:3] = p[0]
    for _ in range(2):
        new = np.zeros((4, 4))
        new[1:-1, 1:-1] = g[1:-1, 1:-1] * p[1] + p[2] * (g[:-2, 1:-1] + g[1:-1, 2:] + 1)
        g = np.tanh(new)
    return np.sum(g)


def table_of_paths(np, p):
    cost = np.outer(np.arange(1.0, 5), p) ** 2
    t = np.zeros((4, 3))
    t[:, 0], t[0] = np.cumsum(cost[:, 0]), np.cumsum(cost[0])
    for i in range(1, 4):
        for j in range(1, 3):
            t[i, j] = cost[i, j] + np.minimum(t[i - 1, j], t[i, j - 1])
    return t[-1, -1]


def thomas(np, p):
    d, x = np.full(4, 2.0 + p[0]), np.zeros(4)
    r = np.ones(4) * p[1]
    for k in range(1, 4):
        w = p[2] / d[k - 1]
        d[k] -= w * p[2]
        r[k] -= w * r[k - 1]
    x[-1] = r[-1] / d[-1]
    for k in (2, 1, 0):
        x[k] = (r[k] - p[2] * x[k + 1]) / d[k]
    return np.sum(x**2)


def hidden_markov(np, p):
    a = np.array([[1 - p[0] / 2, p[0] / 2], [p[1] / 2, 1 - p[1] / 2]])
    alpha = np.zeros((N, 2))
    alpha[0] = 0.5
    for t in range(1, N):
        alpha[t] = (alpha[t - 1] @ a) * np.array([p[2], 1 - p[2]])[:: 1 - 2 * (t % 2)]
    return np.log(np.sum(alpha[-1]))


def cholesky_by_hand(np, p):
    a = np.outer(p, p) + np.eye(3)
    low = np.zeros((3, 3))
    for i in range(3):
        for j in range(i + 1):
            s = a[i, j] - np.sum(low[i, :j] * low[j, :j])
            low[i, j] = np.sqrt(s) if i == j else s / low[j, j]
    return np.sum(low**3)


def rotation(np, p):
    r = np.array([[np.cos(p[0]), -np.sin(p[0]), 0], [np.sin(p[0]), np.cos(p[0]), 0], [0, 0, 1]])
    return r @ np.array([p[1], p[2], 1.0]) @ np.linspace(1, 2, 3)


PROGRAMS = [f for name, f in dict(globals()).items() if callable(f)]
