// SPDX-License-Identifier: MIT
// Puts the page together from the data in it: the schedule in its compact form, the fit, the source.

const data = JSON.parse(byId("data").textContent);
const schedule = new Schedule(data),
  { fit } = data;
const clockGrid = new Grid(
  byId("clocks-picture"),
  byId("clocks"),
  "banks against clocks; arrow keys move a cursor",
);
const patternGrid = new Grid(
  byId("pattern-picture"),
  byId("pattern"),
  "connection matrix; arrow keys move a cursor",
);
const pipeline = new Pipeline(byId("pipeline-picture"), schedule);
let chosen = schedule.junctions.at(-1);

function showHead() {
  const sizes = schedule.layers.map((layer) => grouped(layer.neurons)).join(" – ");
  document.title = `${schedule.network}: schedule`;
  byId("title").textContent = schedule.network;
  byId("subtitle").textContent = `${sizes}, ${schedule.order} order, ${data.number}`;
  byId("footer").textContent =
    `Made by sedge ${data.version}${data.source ? ` from ${data.source.file}` : ""}. Every number on this page is expanded from the schedule that is in it.`;
  const names = { ff: "FF feedforward", bp: "BP backpropagation", up: "UP update" };
  byId("phase-legend").replaceChildren(
    ...PHASES.map((phase) => element("li", {}, element("i", { class: phase }), names[phase])),
  );
  byId("clocks-legend").textContent = "mixed where several ask; close by, reads stand above writes";
}

function showClocks() {
  const picture = new ClockPicture(schedule, chosen, byId("clocks-memory").value);
  clockGrid.show(picture);
}

function showPattern() {
  const colour = byId("pattern-colour").value;
  patternGrid.show(new PatternPicture(schedule, chosen, byId("pattern-order").value, colour));
  showRamp(colour);
}
function showRamp(colour) {
  const last =
    colour === "bank"
      ? patternGrid.picture.banks - 1
      : schedule.junctions.length && chosen.clockOfSlot(chosen.slots - 1);
  const stops = rampColours(colours()).map(css).join(", ");
  byId("pattern-ramp").replaceChildren(
    element("span", {}, "0"),
    element("i", { style: `background: linear-gradient(to right, ${stops})` }),
    element("span", {}, grouped(last)),
  );
}

function notes() {
  const { data: d } = chosen,
    layer = schedule.layers[chosen.index];
  const remedies = {
    none: "No sum of deltas comes back while it is being added to.",
    "late read": "Sums of deltas are read late, when the product is there.",
    forward: "Sums of deltas that come back at once are forwarded.",
    bubbles: `${plural(d.bubbles.length, "bubble")} keep sums of deltas apart.`,
  };
  byId("clocks-note").textContent =
    `Junction ${chosen.number} issues ${plural(d.z, "edge")} a clock, ${plural(d.edges, "edge")} in ${plural(d.slots, "slot")}; ` +
    `the junction cycle has ${plural(schedule.junction_cycle, "clock")}. ${d.has_bp ? remedies[d.remedy] : "The first junction has no BP."}`;
  byId("pattern-note").textContent =
    `A row for each neuron of ‘${schedule.layers[chosen.number].name}’, a column for each of ‘${layer.name}’, ` +
    `whose neuron l is word ⌊l / ${layer.banks}⌋ of bank l mod ${layer.banks}.`;
}

function choose(number) {
  chosen = schedule.junction(number);
  for (const button of document.querySelectorAll("#junction-choice button")) {
    const isChosen = Number(button.dataset.junction) === number;
    button.setAttribute("aria-checked", isChosen);
    button.tabIndex = isChosen ? 0 : -1;
  }
  for (const group of document.querySelectorAll("#network-picture .junction"))
    group.classList.toggle("chosen", Number(group.dataset.junction) === number);
  document
    .querySelectorAll("#source-text span")
    .forEach((line, i) => line.classList.toggle("chosen", i + 1 === chosen.data.line));
  const lanes = lanesOf(chosen, schedule);
  byId("clocks-memory").replaceChildren(
    element("option", { value: "all" }, "all"),
    ...lanes.map((lane, i) => element("option", { value: i }, `${lane.name} (${lane.who})`)),
  );
  notes();
  showClocks();
  showPattern();
  const view = data.view.clocks;
  if (view)
    clockGrid.look(
      view[0],
      Math.min(view[1] + 1, schedule.junction_cycle),
      0,
      clockGrid.picture.rows,
    );
}

function showJunctions() {
  const holder = byId("junction-choice");
  holder.replaceChildren(
    element("span", { class: "label" }, "junction"),
    ...schedule.junctions.map((junction) => {
      const button = element(
        "button",
        { type: "button", role: "radio", "data-junction": junction.number },
        String(junction.number),
      );
      button.addEventListener("click", () => choose(junction.number));
      return button;
    }),
  );
  holder.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const count = schedule.junctions.length,
      next = schedule.junctions[(schedule.junctions.indexOf(chosen) + step + count) % count];
    choose(next.number);
    holder.querySelector(`[data-junction="${next.number}"]`).focus();
  });
}

/* Canvases have their colours from the style sheet: paint them again when it changes. */
function repaint() {
  clockGrid.drawNow();
  patternGrid.drawNow();
  showRamp(byId("pattern-colour").value);
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
addEventListener("beforeprint", () => {
  document.documentElement.dataset.print = "";
  repaint();
});
addEventListener("afterprint", () => {
  delete document.documentElement.dataset.print;
  repaint();
});

showHead();
showFigures(fit, schedule);
drawNetwork(byId("network-picture"), schedule, fit, choose);
showJunctions();
showResources(fit, schedule);
showSource(data.source);
pipeline.draw();
choose(chosen.number);
byId("clocks-memory").addEventListener("change", showClocks);
byId("pattern-order").addEventListener("change", showPattern);
byId("pattern-colour").addEventListener("change", showPattern);
byId("pipeline-first").addEventListener("change", (event) =>
  pipeline.go(Number(event.target.value)),
);
byId("pipeline-back").addEventListener("click", () =>
  pipeline.go(pipeline.first - pipeline.cycles + 1),
);
byId("pipeline-on").addEventListener("click", () =>
  pipeline.go(pipeline.first + pipeline.cycles - 1),
);

/* For whoever asks the page from outside, tests among them. */
window.sedge = { schedule, clockGrid, patternGrid, pipeline, choose };
