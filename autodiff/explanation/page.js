"use strict";
(() => {
  const data = JSON.parse(document.getElementById("autodiff-data").textContent);
  const slots = data.slots.map(autodiffRows.value);
  const byId = (id) => document.getElementById(id);
  const math = byId("pin-math").namespaceURI;
  const TAGS = new Set(["mrow", "mi", "mn", "mo", "mtext", "mfrac", "msup", "msub", "msubsup", "msqrt", "mroot"]);
  const state = { t: 0, playing: null, pinned: -1, open: new Set(), zoom: 0, quiz: false, heat: false, edited: false, only: "all" };
  let frames = [], drawn = null;

  // -- texts -----------------------------------------------------------------------------------
  const element = (tag, attributes, ...inside) => {
    const found = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) found.setAttribute(key, value);
    found.append(...inside);
    return found;
  };
  const number = (x) => {
    if (x !== x) return "nan";
    if (Math.abs(x) === Infinity) return x > 0 ? "inf" : "-inf";
    return String(Number((x + 0).toPrecision(6)));
  };
  const nested = (d, shape) => {
    if (!shape.length) return number(d[0]);
    const each = d.length / shape[0];
    return "[" + Array.from({ length: shape[0] }, (_, k) => nested(d.slice(k * each, (k + 1) * each), shape.slice(1))).join(", ") + "]";
  };
  const shown = (k) => {
    if (k === null || k === undefined || k < 0) return "";
    const x = slots[k];
    if (!x.d) return x.t;
    if (x.b) return x.d.length <= 9 ? nested(x.d, x.s).replaceAll("1", "True").replaceAll("0", "False") : `shape (${x.s})`;
    if (x.d.length <= 9 && x.d.length) return nested(x.d, x.s);
    return `shape (${x.s}), from ${number(Math.min(...x.d))} to ${number(Math.max(...x.d))}`;
  };
  const brief = (k) => {  // for a box
    const x = k < 0 ? null : slots[k];
    if (x && x.u) return x.u;
    if (!x || !x.d || x.b || !x.s.length || !x.d.length) return shown(k);
    const few = (v) => String(Number(v.toPrecision(3)));
    if (x.d.length <= 3) return "[" + x.d.map(few).join(", ") + "]";
    return `(${x.s}): ${few(Math.min(...x.d))}…${few(Math.max(...x.d))}`;
  };
  const tree = ([tag, ...inside]) => {
    const found = document.createElementNS(math, TAGS.has(tag) ? tag : "mtext");
    for (const x of inside) found.append(typeof x === "string" ? x : tree(x));
    return found;
  };

  // -- time: what happens, one frame after another --------------------------------------------
  const folded = (k) => data.nodes[k].fold >= 0 && !state.open.has(data.nodes[k].fold);
  const edgeOf = (a, b) => data.edges.findIndex((e) => e.a === a && e.b === b);
  const words = (term) => {
    const edge = term.edge >= 0 ? data.edges[term.edge] : null, local = edge && edge.d !== undefined;
    const numbers = local && term.in !== null ? `local derivative ${shown(edge.d)} × incoming ${shown(term.in)}` : term.in === null ? "the seed" : `incoming ${shown(term.in)}`;
    return `${term.t}: ${numbers} = ${shown(term.s)}`;
  };
  const build = () => {
    frames = [{ mode: "program", node: -1, edges: [], say: () => "the inputs" }];
    data.nodes.forEach((node, k) => {
      if (node.k === "input" || node.k === "folded" || folded(k)) return;
      const edges = data.edges.flatMap((e, n) => (e.b === k ? [n] : []));
      frames.push({ mode: "program", node: k, edges, value: k, say: () => `${node.n} = ${node.e} = ${shown(node.v)}` });
    });
    data.sweeps.forEach((sweep, s) => {
      if (state.only !== "all" && state.only !== String(s)) return;
      frames.push({ mode: sweep.mode, sweep: s, node: -1, edges: [], begin: true, say: () => `${sweep.mode} sweep, seed: ${sweep.seed}` });
      sweep.steps.forEach((step, n) => {
        if (folded(step.n)) return;
        for (const term of step.terms) term.edge = sweep.mode === "forward" ? edgeOf(term.from, step.n) : edgeOf(step.n, term.from);
        if (step.terms.length > 1 && step.terms.length <= 8) step.terms.forEach((term, k) => {
          frames.push({ mode: sweep.mode, sweep: s, node: step.n, edges: [term.edge], part: true, say: () => `${step.d}, contribution ${k + 1} of ${step.terms.length}: ${words(term)}` });
        });
        const say = () => (step.terms.length === 1 ? `${step.d} = ${words(step.terms[0])}` : `${step.d} = ${step.r} = ${step.terms.length > 1 ? step.terms.slice(0, 8).map((t) => shown(t.s)).join(" + ") + " = " : ""}${shown(step.s)}`);
        frames.push({ mode: sweep.mode, sweep: s, step: n, node: step.n, edges: step.terms.map((t) => t.edge), say });
      });
    });
    byId("time").max = frames.length - 1;
  };
  // What is known at a time: the values, and of each sweep the steps that were made.
  const known = () => {
    const values = new Set(data.nodes.flatMap((n, k) => (n.k === "input" ? [k] : []))), steps = new Set(), begun = new Set();
    frames.slice(0, state.t + 1).forEach((f) => {
      if (f.value !== undefined) values.add(f.value);
      if (f.begin) begun.add(f.sweep);
      if (f.step !== undefined) steps.add(f.sweep + ":" + f.step);
    });
    if (state.only !== "all" || state.t > 0) data.nodes.forEach((n, k) => { if (folded(k)) values.add(k); });
    data.sweeps.forEach((sweep, s) => sweep.steps.forEach((step, n) => { if (folded(step.n) && begun.has(s)) steps.add(s + ":" + n); }));
    return { values, steps, begun };
  };
  const go = (t) => {
    state.t = Math.max(0, Math.min(frames.length - 1, t));
    update();
  };
  const play = (on) => {
    clearInterval(state.playing);
    if (on && state.t >= frames.length - 1) go(0);
    state.playing = on ? setInterval(() => (state.t < frames.length - 1 ? go(state.t + 1) : play(false)), 900) : null;
    byId("play").textContent = on ? "Pause" : "Play";
  };

  // -- what is on the page now -----------------------------------------------------------------
  const sweepOf = (mode, now) => {  // the sweep whose numbers stand in the boxes
    const frame = frames[state.t];
    if (frame.sweep !== undefined && data.sweeps[frame.sweep].mode === mode) return frame.sweep;
    return data.sweeps.reduce((last, s, k) => (s.mode === mode && now.begun.has(k) ? k : last), -1);
  };
  const update = () => {
    const now = known(), frame = frames[state.t], text = frame.say();
    byId("time").value = state.t;
    byId("time").setAttribute("aria-valuetext", `step ${state.t} of ${frames.length - 1}: ${text}`);
    byId("count").textContent = `${state.t}/${frames.length - 1}`;
    const hide = state.quiz && frame.mode === "reverse" && frame.sweep !== undefined && !frame.begin;
    byId("now").textContent = hide ? `${data.sweeps[frame.sweep].steps.find((s) => s.n === frame.node).d} = ?` : text;
    byId("now").className = "now " + frame.mode;
    const pair = ["forward", "reverse"].map((mode) => [mode, sweepOf(mode, now)]);
    const heat = state.heat ? heats(pair[1][1], now) : null;
    for (const { id, group, lines, name } of drawn.nodes) {
      const lit = drawn.at.get(id) === drawn.at.get(drawn.of[frame.node]);
      group.classList.toggle("lit", frame.node >= 0 && lit);
      group.classList.toggle("pinned", id === state.pinned);
      if (typeof id === "string") { group.setAttribute("aria-label", "folded part, opens"); continue; }
      lines[0].textContent = now.values.has(id) ? autodiffPicture.short(brief(data.nodes[id].v), 21) : "";
      pair.forEach(([mode, s], k) => { lines[k + 1].textContent = autodiffPicture.short(derivativeAt(mode, s, id, now), 21); });
      group.querySelector(".box").style.fill = heat && heat.has(id) ? `color-mix(in srgb, var(--reverse) ${heat.get(id)}%, var(--paper))` : "";
      group.setAttribute("aria-label", [name, ...lines.map((x) => x.textContent)].filter(Boolean).join(", "));
    }
    for (const { group, label, edge } of drawn.edges) {
      const e = data.edges[edge], lit = frame.edges.some((k) => k >= 0 && drawn.of[data.edges[k].a] === drawn.of[e.a] && drawn.of[data.edges[k].b] === drawn.of[e.b]);
      group.classList.remove("program", "forward", "reverse", "lit");
      if (lit) group.classList.add("lit", frame.mode);
      label.textContent = e.d === undefined || typeof drawn.of[e.a] === "string" ? "" : slots[e.d].s.length ? e.t.length <= 12 ? e.t : "" : shown(e.d);
    }
    for (const row of document.querySelectorAll("tr[data-node]")) {
      const node = Number(row.dataset.node), step = row.dataset.step, cell = row.querySelector(".v");
      const there = step === undefined ? now.values.has(node) : now.steps.has(step);
      row.classList.toggle("lit", node === frame.node && (step === undefined ? frame.mode === "program" : step === frame.sweep + ":" + frame.step));
      row.classList.toggle("pinned", node === state.pinned);
      if (cell.querySelector("input")) continue;
      const all = slots[Number(row.dataset.slot)].d;
      cell.textContent = there ? shown(Number(row.dataset.slot)) : "";
      cell.title = there && all && all.length <= 9 ? all.join(", ") : "";  // every digit
    }
    const at = frame.node >= 0 ? data.nodes[frame.node].line : null, pin = state.pinned >= 0 ? data.nodes[state.pinned].line : null;
    for (const line of document.querySelectorAll(".line")) {
      line.classList.toggle("lit", line.dataset.line === at);
      line.classList.toggle("pinned", line.dataset.line === pin);
    }
    // What Python said of the numbers holds for those that it saw.
    byId("closing").hidden = state.edited || state.quiz;
    byId("at").textContent = (state.edited ? "edited; explained at " : "") + data.at;
    jacobian(now);
    pinned();
    nudge();
  };
  const derivativeAt = (mode, s, id, now) => {
    if (s < 0) return "";
    const sweep = data.sweeps[s], n = sweep.steps.findIndex((step) => step.n === id), arrow = mode === "forward" ? "→ " : "← ";
    if (n >= 0) return now.steps.has(s + ":" + n) ? arrow + (state.quiz && mode === "reverse" ? "?" : brief(sweep.steps[n].s)) : "";
    const seed = sweep.seeds.find(([node]) => node === id);
    return seed && now.begun.has(s) ? arrow + brief(seed[1]) : "";
  };
  const heats = (s, now) => {
    const found = new Map();
    if (s < 0) return found;
    data.sweeps[s].steps.forEach((step, n) => {
      const d = slots[step.s].d;
      if (d && d.length && now.steps.has(s + ":" + n)) found.set(step.n, Math.max(...d.map(Math.abs)));
    });
    const top = Math.max(...[...found.values()].filter(Number.isFinite), 0) || 1;
    for (const [k, v] of found) found.set(k, Number.isFinite(v) ? Math.round(38 * v / top) : 50);
    return found;
  };
  const pick = (id) => {
    if (typeof id === "string") { state.open.add(Number(id.slice(4))); redraw(); return; }
    state.pinned = state.pinned === id ? -1 : id;
    update();
  };
  const pinned = () => {
    const frame = frames[state.t], k = state.pinned >= 0 ? state.pinned : frame.node, box = byId("pin-math"), list = byId("pin-text");
    box.replaceChildren();
    list.replaceChildren();
    byId("pin-head").textContent = k < 0 ? "click a box, a row or a line" : data.nodes[k].n + (state.pinned >= 0 ? " (pinned)" : "");
    if (k < 0) return;
    const node = data.nodes[k], say = (text, mode) => list.append(element("p", { class: mode || "" }, text));
    const trees = node.m ? [node.m] : [];
    if (node.e) say(`${node.n} = ${node.e} = ${shown(node.v)}`);
    data.sweeps.forEach((sweep, s) => sweep.steps.forEach((step, n) => {
      if (step.n !== k || (state.only !== "all" && state.only !== String(s)) || (state.quiz && sweep.mode === "reverse")) return;
      if (trees.length < 8) trees.push(step.m);
      say(`${step.d} = ${step.r} = ${shown(step.s)}${step.note ? " (" + step.note + ")" : ""}`, sweep.mode);
      if (step.terms.length > 1) for (const term of step.terms.slice(0, 8)) say("  " + words(term), sweep.mode);
    }));
    box.append(...trees.map((t) => { const row = document.createElementNS(math, "mtr"), cell = document.createElementNS(math, "mtd"); cell.append(tree(t)); row.append(cell); return row; }));
    const table = document.createElementNS(math, "mtable");
    table.setAttribute("columnalign", "left");
    table.append(...box.childNodes);
    box.append(table);
  };

  // -- inputs ------------------------------------------------------------------------------------
  const compute = () => { autodiffRows.run(data.ops, slots); state.edited = true; };
  const cell = (label, slot, n, slider) => {
    const x = slots[slot].d[n], span = Math.max(1, 2 * Math.abs(x)), name = label;
    const box = element("input", { type: "number", step: "any", value: String(x), "aria-label": name });
    const line = element("div", { class: "input" }, element("span", {}, name + " ="), box);
    const set = (text) => {
      const v = Number(text);
      if (text === "" || !Number.isFinite(v)) return false;
      slots[slot].d[n] = v;
      compute();
      update();
      return true;
    };
    if (slider) {
      const bar = element("input", { type: "range", min: x - span, max: x + span, step: "any", value: x, "aria-label": name + ", slider" });
      bar.addEventListener("input", () => { box.value = String(Number(Number(bar.value).toPrecision(6))); set(box.value); });
      box.addEventListener("input", () => { if (set(box.value)) bar.value = box.value; });
      line.append(bar);
    } else box.addEventListener("input", () => set(box.value));
    return line;
  };
  const cells = (label, slot) => {
    const s = slots[slot].s;
    return slots[slot].d.map((_, n) => {
      let rest = n;
      const index = s.map((_k, j) => { const each = s.slice(j + 1).reduce((a, b) => a * b, 1), i = Math.floor(rest / each); rest %= each; return i; });
      return cell(s.length ? `${label}[${index.join(", ")}]` : label, slot, n, !s.length);
    });
  };
  const inputs = () => {
    const box = byId("inputs");
    for (const [name, text] of data.constants) box.append(element("p", { class: "note" }, `${name} = ${text} (constant)`));
    if (data.why) { box.append(element("p", { class: "note" }, "shown without editing: " + data.why)); return; }
    for (const k of data.inputs) box.append(...cells(data.nodes[k].n, data.nodes[k].v));
    for (const sweep of data.sweeps) {
      const seeds = sweep.free ? sweep.seeds.filter(([, slot]) => slots[slot].d.length <= 9) : [];
      if (seeds.length) box.append(element("details", {}, element("summary", {}, `seed of the ${sweep.mode} sweep`), ...seeds.flatMap(([, slot, name]) => cells(name, slot))));
    }
    byId("nudge").hidden = !nudged();
  };
  // The finite change of y beside the derivative times the nudge.
  const nudged = () => {
    const reverse = data.sweeps.find((s) => s.mode === "reverse"), y = data.outputs.length === 1 ? data.nodes[data.outputs[0]] : null;
    if (data.why || !reverse || !y || slots[y.v].s.length || reverse.free) return null;
    const choices = data.inputs.flatMap((k) => { const step = reverse.steps.find((s) => s.n === k); return step ? slots[step.s].d.map((_, n) => ({ k, n, slot: step.s })) : []; });
    return { y, choices };
  };
  const nudge = () => {
    const found = nudged(), h = Number(byId("h").value), choice = found && found.choices[Number(byId("which").value) || 0];
    if (!choice || !Number.isFinite(h)) return;
    const copy = slots.map((x) => ({ ...x, d: x.d && x.d.slice() }));
    copy[data.nodes[choice.k].v].d[choice.n] += h;
    autodiffRows.run(data.ops, copy);
    const change = copy[found.y.v].d[0] - slots[found.y.v].d[0], slope = slots[choice.slot].d[choice.n];
    byId("nudged").textContent = state.quiz ? "" : `change of ${found.y.n}: ${number(change)}; derivative × nudge: ${number(slope)} × ${number(h)} = ${number(slope * h)}`;
  };

  // -- tables ------------------------------------------------------------------------------------
  const table = (heading, mode, seed, rows) => {
    const body = element("tbody");
    for (const row of rows) {
      const line = element("tr", { "data-node": row.node, "data-slot": row.slot, tabindex: 0, ...(row.step ? { "data-step": row.step } : {}) },
        element("td", {}, row.name), element("td", {}, "= " + row.rule), element("td", { class: "v" }), element("td", { class: "r" }, row.note || ""));
      line.addEventListener("click", () => pick(row.node));
      line.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target === line) pick(row.node); });
      body.append(line);
    }
    const section = element("section", { class: mode }, element("h2", {}, heading));
    if (seed) section.append(element("p", { class: "seed" }, "seed: " + seed));
    section.append(element("div", { class: "rows" }, element("table", {}, body)));
    return section;
  };
  const tables = () => {
    const all = byId("tables");
    all.replaceChildren();
    all.append(table("program", "program", "", data.nodes.flatMap((n, k) => (n.k === "input" || n.k === "folded" || folded(k) ? [] : [{ node: k, slot: n.v, name: n.n, rule: n.e }]))));
    data.sweeps.forEach((sweep, s) => all.append(table(`${sweep.mode} mode, ${sweep.label}: from the ${sweep.mode === "forward" ? "input on" : "output back"}`, sweep.mode, sweep.seed,
      sweep.steps.flatMap((step, n) => (folded(step.n) ? [] : [{ node: step.n, slot: step.s, step: s + ":" + n, name: step.d, rule: step.r, note: step.note }])))));
    for (const text of data.folds) all.append(element("p", { class: "note" }, "folded: " + text));
    if (state.quiz) for (const row of document.querySelectorAll(".reverse tr[data-step]")) question(row);
  };
  const question = (row) => {
    const slot = Number(row.dataset.slot), name = row.querySelector("td").textContent, box = element("input", { class: "quiz", "aria-label": `your ${name}`, placeholder: "?" });
    if (!slots[slot].d) return;
    const check = () => {
      const typed = box.value.split(/[\s,;[\]]+/).filter(Boolean).map(Number), want = slots[slot].d;
      const right = typed.length === want.length && typed.every((v, n) => Math.abs(v - want[n]) <= 2e-3 * Math.max(Math.abs(want[n]), 1e-9));
      box.className = "quiz " + (box.value === "" ? "" : right ? "right" : "wrong");
      box.setAttribute("aria-invalid", String(box.value !== "" && !right));
      row.querySelector(".r").textContent = box.value === "" ? "" : right ? "right" : "not yet";
    };
    box.addEventListener("change", check);
    box.addEventListener("click", (event) => event.stopPropagation());
    row.querySelector(".r").textContent = "";
    row.querySelector(".v").replaceChildren(box);
  };
  const jacobian = (now) => {
    const j = data.jacobian, box = byId("jacobian");
    box.replaceChildren();
    if (!j) return;
    const count = (mode) => data.sweeps.filter((s, k) => s.mode === mode && complete(k, now)).length;
    const cellsOf = new Map();
    data.sweeps.forEach((sweep, s) => {
      if (!complete(s, now) || !j.ways.includes(sweep.mode)) return;
      const index = data.sweeps.slice(0, s).filter((x) => x.mode === sweep.mode).length;
      const entries = (node) => { const step = sweep.steps.find((x) => x.n === node); return step ? slots[step.s].d : slots[data.nodes[node].v].d.map(() => 0); };
      if (sweep.mode === "forward") entries(j.y).forEach((v, i) => cellsOf.set(i + "," + index, [v, "forward"]));
      else j.x.flatMap(entries).forEach((v, i) => cellsOf.set(index + "," + i, [v, "reverse"]));
    });
    const head = element("tr", {}, element("td"), ...j.columns.map((name) => element("th", { class: "head", scope: "col" }, name)));
    const rows = j.rows.map((name, i) => element("tr", {}, element("th", { class: "head", scope: "row" }, name),
      ...j.columns.map((_, k) => { const c = cellsOf.get(i + "," + k); return c ? element("td", { class: "filled " + c[1] }, state.quiz ? "?" : number(c[0])) : element("td", {}, "·"); })));
    box.append(element("h2", {}, "Jacobian"), element("p", { class: "seed" }, `column by column: ${count("forward")} forward sweeps so far; row by row: ${count("reverse")} reverse sweeps so far`),
      element("div", { class: "rows" }, element("table", {}, element("tbody", {}, head, ...rows))));
  };
  const complete = (s, now) => data.sweeps[s].steps.every((_, n) => now.steps.has(s + ":" + n)) && now.begun.has(s);

  // -- look, files, keys -------------------------------------------------------------------------
  const narrow = matchMedia("(max-width: 760px)");
  const redraw = () => {
    const before = state.t >= frames.length - 1;
    build();
    drawn = autodiffPicture.draw(byId("picture"), data, state.open, narrow.matches, pick);
    tables();
    scale();
    go(before ? frames.length - 1 : state.t);
  };
  const scale = () => {
    const [width, height] = drawn.size, room = byId("picture").parentElement.clientWidth - 4;
    const fit = Math.min(1.4, Math.max(room / width, narrow.matches ? 0.62 : 0.55)) * Math.pow(1.2, state.zoom);
    byId("picture").setAttribute("width", width * fit);
    byId("picture").setAttribute("height", height * fit);
  };
  const picture = () => {
    const copy = byId("picture").cloneNode(true), style = autodiffPicture.make("style", {}, document.querySelector("style").textContent);
    copy.prepend(style);
    return copy;
  };
  const save = (svg, name) => {
    const link = element("a", { href: URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const saveAll = () => {  // one picture beneath another
    const t = state.t, [width, height] = drawn.size, whole = autodiffPicture.make("svg", { viewBox: `0 0 ${width} ${(height + 40) * frames.length}`, width, height: (height + 40) * frames.length });
    frames.forEach((frame, k) => {
      go(k);
      const one = picture();
      for (const [key, value] of Object.entries({ x: 0, y: (height + 40) * k + 30, width, height })) one.setAttribute(key, value);
      whole.append(autodiffPicture.make("text", { x: 8, y: (height + 40) * k + 22 }, `${k}. ${byId("now").textContent}`), one);
    });
    go(t);
    save(whole, "steps.svg");
  };
  const on = (id, event, act) => byId(id).addEventListener(event, act);
  on("play", "click", () => play(state.playing === null));
  on("first", "click", () => { play(false); go(0); });
  on("back", "click", () => { play(false); go(state.t - 1); });
  on("on", "click", () => { play(false); go(state.t + 1); });
  on("last", "click", () => { play(false); go(frames.length - 1); });
  on("time", "input", () => { play(false); go(Number(byId("time").value)); });
  on("sweeps", "change", () => { state.only = byId("sweeps").value; redraw(); });
  on("quiz", "change", () => { state.quiz = byId("quiz").checked; redraw(); });
  on("heat", "change", () => { state.heat = byId("heat").checked; update(); });
  on("larger", "click", () => { state.zoom += 1; scale(); });
  on("smaller", "click", () => { state.zoom -= 1; scale(); });
  on("fit", "click", () => { state.zoom = 0; scale(); });
  on("unfold", "click", () => { state.open = state.open.size ? new Set() : new Set(data.folds.keys()); redraw(); });
  on("save", "click", () => save(picture(), `step-${state.t}.svg`));
  on("save-all", "click", saveAll);
  on("h", "input", nudge);
  on("which", "change", nudge);
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select, textarea") && event.target.id !== "time") return;
    const act = { ArrowRight: () => go(state.t + 1), ArrowLeft: () => go(state.t - 1), Home: () => go(0), End: () => go(frames.length - 1) }[event.key];
    if (act) { event.preventDefault(); play(false); act(); }
    if (event.key === " " && event.target === document.body) { event.preventDefault(); play(state.playing === null); }
  });
  narrow.addEventListener("change", redraw);
  window.addEventListener("resize", scale);

  data.sweeps.forEach((s, k) => byId("sweeps").append(element("option", { value: k }, `${s.mode}: ${s.label}`)));
  const choices = nudged();
  if (choices) choices.choices.forEach(({ k, n }, m) => byId("which").append(element("option", { value: m }, data.nodes[k].n + (slots[data.nodes[k].v].s.length ? `, entry ${n}` : ""))));
  byId("unfold").hidden = !data.nodes.some((n) => n.fold >= 0);
  for (const line of new Set(data.nodes.map((n) => n.line).filter(Boolean))) {
    const row = element("div", { class: "line", "data-line": line, tabindex: 0 }, line);
    row.addEventListener("click", () => pick(data.nodes.findLastIndex((n) => n.line === line)));
    byId("source").append(row);
  }
  byId("code").hidden = !byId("source").children.length;
  inputs();
  state.t = Infinity;
  build();
  state.t = frames.length - 1;
  redraw();
  document.documentElement.dataset.ready = "yes";
})();
