// SPDX-License-Identifier: MIT
// The network as a picture: layers as columns, between them a sample of the edges, with densities.

const SAMPLE = 140;

/* Heights grow with the logarithm of the neurons, so that a layer of ten and one of ten thousand both can be seen. */
function layerHeight(neurons) {
  return Math.min(190, 26 + 15.5 * Math.log2(neurons));
}

function drawLayer(layer, x, middle) {
  const height = layerHeight(layer.neurons),
    padding = height * (1 - layer.real / layer.neurons);
  const group = element("g", { class: "layer" });
  group.append(element("rect", { x: x - 5, y: middle - height / 2, width: 10, height, rx: 4 }));
  if (padding > 1)
    group.append(
      element("rect", {
        class: "padding",
        x: x - 5,
        y: middle + height / 2 - padding,
        width: 10,
        height: padding,
        rx: 4,
        style: "fill: var(--paper); fill-opacity: 0.6",
      }),
    );
  group.append(
    element("text", { class: "strong", x, y: middle + 122, "text-anchor": "middle" }, layer.name),
  );
  const real = layer.real < layer.neurons ? `, ${grouped(layer.real)} real` : "";
  const tell = (event) =>
    showTip(
      {
        title: `layer ${layer.name}`,
        lines: [
          { text: `${plural(layer.neurons, "neuron")}, ${grouped(layer.real)} of them real` },
          {
            text: `${plural(layer.banks, "bank")} of ${plural(Math.ceil(layer.neurons / layer.banks), "word")} in each of its memories`,
          },
        ],
      },
      event.clientX,
      event.clientY,
    );
  group.addEventListener("pointermove", tell);
  group.addEventListener("pointerleave", hideTip);
  group.append(
    element(
      "text",
      { class: "quiet", x, y: middle + 138, "text-anchor": "middle" },
      `${grouped(layer.neurons)}${real}`,
    ),
  );
  return group;
}

/* Numbers in 0 .. 1, the same for the same seed (mulberry32). */
function randomNumbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function edgePaths(junction, layers, from, to, middle) {
  const at = (layer, neuron) =>
    middle + layerHeight(layer.neurons) * ((neuron + 0.5) / layer.neurons - 0.5);
  const count = Math.min(SAMPLE, junction.data.edges),
    bend = (to - from) * 0.45;
  const random = randomNumbers(junction.number);
  let path = "";
  for (let i = 0; i < count; i++) {
    /* One at random from each of `count` equal parts: any regular step would meet the pattern's own period somewhere. */
    const edge = Math.floor((junction.data.edges * (i + random())) / count);
    const a = at(layers[0], junction.edges.leftOf(edge)),
      b = at(layers[1], junction.edges.rightOf(edge));
    path += `M${from} ${a.toFixed(1)}C${from + bend} ${a.toFixed(1)} ${to - bend} ${b.toFixed(1)} ${to} ${b.toFixed(1)}`;
  }
  return element("path", { class: "edges", d: path });
}

function describeJunction(facts, schedule) {
  const [left, right] = schedule.layers.slice(facts.junction - 1, facts.junction + 1);
  return {
    title: `junction ${facts.junction}: ${left.name} → ${right.name}`,
    lines: [
      { text: `${plural(facts.edges, "edge")}, ${percent(facts.density)} of all` },
      {
        text: `z ${facts.z}, ${plural(facts.clocks, "clock")}, ${plural(facts.bubbles, "bubble")}`,
      },
      {
        text: `${plural(facts.multipliers, "multiplier")}, scatter ${facts.scatter.scatter.toFixed(3)}`,
      },
    ],
  };
}

/* A click, Enter or the space bar on an element. */
function onChoice(node, act) {
  node.addEventListener("click", act);
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    act();
  });
}

/* A junction between x = from and x = to; its edges are drawn and it can be chosen where the page has its schedule. */
function drawJunction(facts, schedule, from, to, middle, choose) {
  const number = facts.junction,
    junction = schedule.junction(number),
    edges = plural(facts.edges, "edge");
  const group = element("g", {
    class: "junction",
    "data-junction": number,
    role: junction ? "button" : null,
    tabindex: junction ? 0 : null,
    "aria-label": `junction ${number}, ${edges}, ${percent(facts.density)} of all`,
  });
  const label = (look, y, text) =>
    element("text", { class: look, x: (from + to) / 2, y, "text-anchor": "middle" }, text);
  if (junction) {
    const layers = schedule.layers.slice(number - 1, number + 1);
    group.append(edgePaths(junction, layers, from + 7, to - 7, middle));
    onChoice(group, () => choose(number));
  }
  group.append(
    element("rect", { class: "touch", x: from + 8, y: 10, width: to - from - 16, height: 280 }),
    label("strong", 20, percent(facts.density)),
    label("quiet", 36, edges),
  );
  group.addEventListener("pointermove", (event) =>
    showTip(describeJunction(facts, schedule), event.clientX, event.clientY),
  );
  group.addEventListener("pointerleave", hideTip);
  return group;
}

/* Shows it in `holder`; choose(number) is called for the junction that is chosen. */
function drawNetwork(holder, schedule, fit, choose) {
  const count = schedule.layers.length - 1,
    width = Math.max(720, 90 + 118 * count),
    middle = 140;
  const x = (layer) => 60 + (layer * (width - 120)) / count;
  const svg = element("svg", {
    viewBox: `0 0 ${width} 300`,
    width: "100%",
    style: `min-width: ${Math.min(width, 118 * count + 90)}px; max-height: 24rem`,
    role: "group",
    "aria-label": "network",
  });
  for (const facts of fit.junctions) {
    const from = x(facts.junction - 1),
      to = x(facts.junction);
    svg.append(drawJunction(facts, schedule, from, to, middle, choose));
  }
  schedule.layers.forEach((layer, i) => svg.append(drawLayer(layer, x(i), middle)));
  holder.replaceChildren(svg);
}
