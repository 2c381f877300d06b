// SPDX-License-Identifier: MIT
// The tables: resources used and available, the dense network beside this one, junctions, memories, the source text.

function row(cells, isHead) {
  return element(
    "tr",
    {},
    ...cells.map((cell, i) => {
      const isNumber = i > 0 && !(cell instanceof Node);
      return element(
        isHead ? "th" : "td",
        { class: isNumber ? "n" : null, scope: isHead ? "col" : null },
        cell ?? "",
      );
    }),
  );
}
function fillTable(table, head, rows) {
  table.replaceChildren(
    element("thead", {}, row(head, true)),
    element("tbody", {}, ...rows.map((cells) => row(cells))),
  );
}

function bar(share) {
  return element(
    "span",
    { class: "bar", title: percent(share) },
    element("i", { style: `width: ${Math.min(100, 100 * share)}%` }),
  );
}

function showResources(fit, schedule) {
  const limited = (name, { used, available }) => [
    name,
    grouped(used),
    available === null ? "no limit" : grouped(available),
    available === null ? "" : bar(used / available),
  ];
  fillTable(
    byId("resource-table"),
    ["", "used", "available", ""],
    [
      limited("multipliers", fit.multipliers),
      limited("memory bits", fit.block_ram_bits),
      ["memory banks", grouped(fit.memory_banks), "", ""],
      ["adders", grouped(fit.adders), "", ""],
      ["neuron units", grouped(fit.neuron_units), "", ""],
      ["ports of each bank", grouped(fit.ports), "", ""],
    ],
  );
  const against = (name, { sparse, dense, factor }) => [
    name,
    grouped(sparse),
    grouped(dense),
    `${factor.toFixed(1)} times less`,
  ];
  fillTable(
    byId("dense-table"),
    ["", "here", "dense", ""],
    [
      against("parameters", fit.parameters),
      against("parameter bits", fit.parameter_bits),
      against("operations an input", fit.operations),
    ],
  );
  fillTable(
    byId("junction-table"),
    ["junction", "edges", "density", "z", "clocks", "bubbles", "multipliers", "scatter", "hazard"],
    fit.junctions.map((j) => [
      `${j.junction}: ${schedule.layers[j.junction - 1].name} → ${schedule.layers[j.junction].name}`,
      grouped(j.edges),
      percent(j.density),
      grouped(j.z),
      grouped(j.clocks),
      grouped(j.bubbles),
      grouped(j.multipliers),
      j.scatter.scatter.toFixed(3),
      j.junction === 1 ? "no BP" : j.hazard,
    ]),
  );
  fillTable(
    byId("memory-table"),
    ["memory", "of", "copies", "banks", "words", "bits", "bits in all"],
    schedule.memories.map((m) => [
      m.kind.replace("_", " "),
      m.owner === "layer" ? schedule.layers[m.number].name : `junction ${m.number}`,
      grouped(m.copies),
      grouped(m.banks),
      grouped(m.words),
      grouped(m.bits),
      grouped(m.copies * m.banks * m.words * m.bits),
    ]),
  );
}

function showFigures(fit, schedule) {
  const figures = [
    ["clocks a junction cycle", grouped(schedule.junction_cycle)],
    ["clocks an input", grouped(fit.clocks_per_input)],
  ];
  if (fit.inputs_per_second !== null)
    figures.push([
      "inputs a second",
      scaled(fit.inputs_per_second),
      `at ${scaled(fit.clock_hz)}Hz`,
    ]);
  figures.push(
    [
      "multipliers",
      grouped(fit.multipliers.used),
      fit.multipliers.available === null ? "" : `of ${grouped(fit.multipliers.available)}`,
    ],
    ["parameters", scaled(fit.parameters.sparse), `${fit.parameters.factor.toFixed(1)} times less`],
    ["memory banks", grouped(fit.memory_banks)],
  );
  byId("figures").replaceChildren(
    ...figures.map(([name, value, more]) =>
      element(
        "div",
        {},
        element("dt", {}, name),
        element("dd", {}, value, " ", element("small", {}, more ?? "")),
      ),
    ),
  );
}

function showSource(source) {
  byId("source").hidden = !source;
  if (source)
    byId("source-text").replaceChildren(...source.lines.map((line) => element("span", {}, line)));
}
