// SPDX-License-Identifier: MIT
// The pipeline of junctions: which junction does FF, BP and UP on which input in which junction cycle, and how stale its weights are.

const PIPELINE = { label: 122, cell: 40, row: 25, head: 24, stale: 62 };

class Pipeline {
  constructor(holder, schedule) {
    Object.assign(this, { holder, schedule, first: 0 });
    this.rows = schedule.junctions.flatMap((junction) =>
      PHASES.filter((phase) => phase !== "bp" || junction.data.has_bp).map((phase) => ({
        junction,
        phase,
      })),
    );
    new ResizeObserver(() => this.draw()).observe(holder);
    holder.addEventListener("keydown", (event) => this.key(event));
  }
  get cycles() {
    return Math.max(
      4,
      Math.floor((this.holder.clientWidth - PIPELINE.label - PIPELINE.stale) / PIPELINE.cell),
    );
  }
  go(first) {
    this.first = Math.max(0, Math.min(1e9, Math.floor(first) || 0));
    byId("pipeline-first").value = this.first;
    this.draw();
  }
  /* Rows leave a gap above each junction. */
  y(row) {
    return (
      PIPELINE.head +
      row * PIPELINE.row +
      7 * this.rows[row].junction.index -
      7 * this.rows[0].junction.index
    );
  }
  draw() {
    const { label, cell, row, stale } = PIPELINE,
      cycles = this.cycles,
      right = label + cycles * cell;
    const height = this.y(this.rows.length - 1) + row + 4;
    const svg = element("svg", {
      viewBox: `0 0 ${right + stale} ${height}`,
      height,
      role: "grid",
      "aria-label": "inputs by junction, operation and junction cycle",
    });
    svg.style.width = `${right + stale}px`;
    svg.append(
      element(
        "text",
        { class: "quiet", x: label - 10, y: 15, "text-anchor": "end" },
        "junction cycle",
      ),
      element("text", { class: "quiet", x: right + 12, y: 15 }, "stale by"),
    );
    for (let i = 0; i < cycles; i++)
      svg.append(
        element(
          "text",
          { class: "quiet", x: label + (i + 0.5) * cell, y: 15, "text-anchor": "middle" },
          String(this.first + i),
        ),
      );
    this.rows.forEach((_, i) => svg.append(this.drawRow(i, cycles)));
    this.holder.replaceChildren(svg);
  }
  drawRow(index, cycles) {
    const cells = element("g", { role: "row" });
    const { junction, phase } = this.rows[index],
      { label, cell, row } = PIPELINE,
      y = this.y(index);
    if (index === 0 || this.rows[index - 1].junction !== junction)
      cells.append(element("text", { x: 0, y: y + 16 }, `junction ${junction.number}`));
    cells.append(
      element(
        "text",
        { class: "quiet", x: label - 10, y: y + 16, "text-anchor": "end" },
        phase.toUpperCase(),
      ),
    );
    for (let i = 0; i < cycles; i++) {
      const cycle = this.first + i,
        input = this.schedule.inputOf(junction, phase, cycle),
        x = label + i * cell;
      const group = element(
        "g",
        {
          class: input === null ? "cell" : `cell ${phase}`,
          role: "gridcell",
          "data-input": input,
          "data-row": index,
          "data-cycle": cycle,
          tabindex: index === 0 && i === 0 ? 0 : -1,
        },
        element("rect", { x: x + 1, y: y + 1, width: cell - 2, height: row - 2 }),
      );
      if (input !== null)
        group.append(
          element(
            "text",
            { x: x + cell / 2, y: y + 16.5, "text-anchor": "middle" },
            this.short(input),
          ),
        );
      const content = this.content(group);
      group.setAttribute("aria-label", `${content.title}: ${content.lines[0].text}`);
      group.addEventListener("pointerenter", (event) =>
        this.tell(group, event.clientX, event.clientY),
      );
      group.addEventListener("pointermove", (event) =>
        this.tell(group, event.clientX, event.clientY),
      );
      group.addEventListener("pointerleave", () => this.hush());
      group.addEventListener("focus", () => this.focus(group));
      group.addEventListener("blur", () => this.hush());
      cells.append(group);
    }
    cells.append(
      element(
        "text",
        { class: "quiet", x: label + cycles * cell + 12, y: y + 16 },
        String(this.stale(junction, phase)),
      ),
    );
    return cells;
  }
  short(input) {
    return input < 1e5 ? String(input) : `…${String(input % 1e4).padStart(4, "0")}`;
  }
  /* Of an input that comes when the pipeline is full. */
  stale(junction, phase) {
    const delay = phase === "ff" ? junction.data.ff_delay : junction.data.up_delay,
      depth = 2 * this.schedule.layers.length;
    return this.schedule.missingUpdates(
      junction,
      phase,
      delay + depth * this.schedule.initiation_interval,
    );
  }
  content(group) {
    const { junction, phase } = this.rows[Number(group.dataset.row)],
      cycle = Number(group.dataset.cycle);
    const input = this.schedule.inputOf(junction, phase, cycle),
      clocks = this.schedule.junction_cycle;
    const title = `junction ${junction.number}, ${phase.toUpperCase()}, junction cycle ${cycle}`;
    const note = `clocks ${grouped(cycle * clocks)} to ${grouped((cycle + 1) * clocks - 1)}`;
    if (input === null) return { title, lines: [{ text: "no input" }], note };
    const missing = this.schedule.missingUpdates(junction, phase, cycle);
    const range =
      missing === 1 ? `input ${input - 1}` : `inputs ${input - missing} to ${input - 1}`;
    const stale =
      missing === 0
        ? "its weights have every earlier input's update"
        : `its weights lack ${plural(missing, "update")}: of ${range}`;
    return { title, lines: [{ phase, text: `input ${input}` }, { text: stale }], note };
  }
  tell(group, x, y) {
    const content = this.content(group);
    showTip(content, x, y);
    this.light(group.dataset.input);
    return content;
  }
  light(input) {
    this.holder.classList.toggle("lit", input !== undefined);
    for (const cell of this.holder.querySelectorAll("g.cell"))
      cell.classList.toggle("same", input !== undefined && cell.dataset.input === input);
  }
  hush() {
    hideTip();
    this.light(undefined);
  }
  focus(group) {
    const box = group.getBoundingClientRect();
    announce(this.tell(group, box.left + box.width / 2, box.bottom - 8));
  }
  key(event) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] },
      move = moves[event.key];
    const group = event.target.closest?.("g.cell");
    if (event.key === "Escape") return this.hush();
    if (!move || !group) return;
    event.preventDefault();
    const row = Math.max(0, Math.min(this.rows.length - 1, Number(group.dataset.row) + move[0])),
      cycle = Math.max(0, Number(group.dataset.cycle) + move[1]);
    if (cycle < this.first) this.go(cycle);
    if (cycle >= this.first + this.cycles) this.go(cycle - this.cycles + 1);
    this.holder.querySelector(`[data-row="${row}"][data-cycle="${cycle}"]`).focus();
  }
}
