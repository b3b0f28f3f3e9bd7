"use strict";
// The picture of the page: boxes in layers, edges between them. Texts are set as text, never markup.
const autodiffPicture = (() => {
  const WIDTH = 168, LINE = 17, GAP = 74, BESIDE = 22;
  let svg, space;
  const make = (tag, attributes, text) => {
    const found = document.createElementNS(space, tag);
    for (const [key, value] of Object.entries(attributes || {})) found.setAttribute(key, value);
    if (text !== undefined) found.textContent = text;
    return found;
  };
  const short = (text, length) => (text.length <= length ? text : text.slice(0, length - 1) + "…");

  // Boxes and edges, where nodes of a fold that is closed are one box.
  const boxes = (data, open) => {
    const of = data.nodes.map((node, k) => (node.fold >= 0 && !open.has(node.fold) ? "fold" + node.fold : k));
    const ids = [...new Set(of)], at = new Map(ids.map((id, k) => [id, k]));
    // A fold of a program too long to travel has no nodes of its own: it stands between its ends.
    const edges = new Map();
    data.edges.forEach((edge, k) => {
      const a = at.get(of[edge.a]), b = at.get(of[edge.b]);
      if (a !== b && !edges.has(a + "," + b)) edges.set(a + "," + b, { a, b, edge: k });
    });
    return { of, ids, at, edges: [...edges.values()] };
  };
  const layers = (count, edges) => {
    const depth = new Array(count).fill(0), into = new Array(count).fill(0), after = Array.from({ length: count }, () => []);
    for (const { a, b } of edges) { into[b] += 1; after[a].push(b); }
    const ready = [...depth.keys()].filter((k) => into[k] === 0);
    while (ready.length) {
      const a = ready.shift();
      for (const b of after[a]) {
        depth[b] = Math.max(depth[b], depth[a] + 1);
        if (--into[b] === 0) ready.push(b);
      }
    }
    return depth;
  };

  const draw = (element, data, open, upright, pick) => {
    svg = element;
    space = svg.namespaceURI;
    svg.replaceChildren();
    const { of, ids, at, edges } = boxes(data, open);
    const depth = layers(ids.length, edges);
    const rows = [];
    depth.forEach((d, k) => (rows[d] = rows[d] || []).push(k));
    const place = new Array(ids.length).fill(0);
    for (const row of rows) {  // near those that a box was made of
      const mean = (k) => {
        const from = edges.filter((e) => e.b === k).map((e) => place[e.a]);
        return from.length ? from.reduce((x, y) => x + y, 0) / from.length : row.indexOf(k);
      };
      const order = row.map((k) => [mean(k), k]).sort((x, y) => x[0] - y[0] || x[1] - y[1]);
      order.forEach(([, k], n) => { place[k] = n - (row.length - 1) / 2; });
    }
    const tall = LINE * 5 + 12, many = Math.max(...rows.map((row) => row.length));
    const step = upright ? [WIDTH + BESIDE, tall + GAP * 0.75] : [WIDTH + GAP, tall + BESIDE];
    const xy = ids.map((_, k) => (upright
      ? [(place[k] + (many - 1) / 2) * step[0], depth[k] * step[1]]
      : [depth[k] * step[0], (place[k] + (many - 1) / 2) * step[1]]));
    const width = Math.max(...xy.map((p) => p[0])) + WIDTH, height = Math.max(...xy.map((p) => p[1])) + tall;
    svg.setAttribute("viewBox", `-12 -12 ${width + 24} ${height + 24}`);
    const arrow = make("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" });
    arrow.append(make("path", { d: "M0 0L8 4L0 8z", class: "tip" }));
    const defs = make("defs");
    defs.append(arrow);
    svg.append(defs);
    const drawn = { edges: [], nodes: [], of, at, size: [width + 24, height + 24] };
    for (const { a, b, edge } of edges) {
      const [p, q] = [xy[a], xy[b]];
      const from = upright ? [p[0] + WIDTH / 2, p[1] + tall] : [p[0] + WIDTH, p[1] + tall / 2];
      const to = upright ? [q[0] + WIDTH / 2, q[1] - 2] : [q[0] - 2, q[1] + tall / 2];
      const far = depth[b] - depth[a] > 1 ? (upright ? [WIDTH * 0.75, 0] : [0, tall * 0.8]) : [0, 0];
      const bend = upright ? [[0, 46], [0, -46]] : [[50, 0], [-50, 0]];
      const curve = `M${from}C${from[0] + bend[0][0] + far[0]},${from[1] + bend[0][1] + far[1]} ${to[0] + bend[1][0] + far[0]},${to[1] + bend[1][1] + far[1]} ${to}`;
      const group = make("g", { class: "edge" + (data.edges[edge].on ? "" : " still"), "data-edge": edge });
      group.append(make("path", { d: curve, "marker-end": "url(#arrow)" }));
      const label = make("text", { x: (from[0] + to[0]) / 2 + far[0] * 0.75, y: (from[1] + to[1]) / 2 - 5 + far[1] * 0.75, "text-anchor": "middle" });
      group.append(label);
      svg.append(group);
      drawn.edges.push({ group, label, edge });
    }
    ids.forEach((id, k) => {
      const folded = typeof id === "string", node = folded ? null : data.nodes[id];
      const kind = folded ? "folded" : node.k;
      const group = make("g", { class: "node " + kind, transform: `translate(${xy[k]})`, tabindex: 0, role: "button" });
      group.append(make("rect", { class: "box", width: WIDTH, height: tall, rx: 7 }));
      group.append(make("rect", { class: "head", width: WIDTH, height: LINE * 2 + 4, rx: 7 }));
      const name = folded ? "folded" : node.n;
      group.append(make("text", { class: "name", x: 9, y: 17 }, short(name, 18)));
      group.append(make("text", { class: "made", x: 9, y: 33 }, short(folded ? data.folds[+id.slice(4)] : node.e ? "= " + node.e : node.k, 20)));
      const lines = ["value", "forward", "reverse"].map((mode, n) => {
        const text = make("text", { class: mode, x: 9, y: 54 + n * LINE });
        group.append(text);
        return text;
      });
      const act = () => pick(id);
      group.addEventListener("click", act);
      group.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(); }
      });
      svg.append(group);
      drawn.nodes.push({ id, group, lines, name });
    });
    return drawn;
  };
  return { draw, make, short };
})();
