// SPDX-License-Identifier: MIT
// Inside a junction cycle: banks against clocks, coloured by operation.
//
// A lane is a memory as the junction uses it; of a layer's memory, the copy that belongs to one input.  Each clock is expanded
// when it comes into view, to a byte per bank whose bits say who reads and writes it, and kept while there is room.

const PHASES = ["ff", "bp", "up"];
const MOST_KEPT_BYTES = 96e6;
const FRAME_MS = 9;

/* The lanes of a junction with their places: a lane of few banks is drawn higher, so that it can be seen beside a large one. */
function lanesOf(junction, schedule) {
  const lanes = [];
  for (const use of junction.uses) {
    const delay = use.isLayers ? use.delay : 0;
    use.lane = lanes.find((lane) => lane.memory === use.memory && lane.delay === delay);
    if (!use.lane) lanes.push((use.lane = { memory: use.memory, delay, phases: new Set() }));
    use.lane.phases.add(use.phase);
  }
  const order = (lane) => schedule.memories.indexOf(lane.memory) * 1000 + lane.delay;
  lanes.sort((a, b) => order(a) - order(b));
  for (const lane of lanes) {
    const of =
      lane.memory.owner === "layer"
        ? schedule.layers[lane.memory.number].name
        : `junction ${lane.memory.number}`;
    const phases = [...lane.phases].map((phase) => phase.toUpperCase()).join(", ");
    lane.kind = lane.memory.kind.replace("_", " ");
    lane.name = `${lane.kind} of ${of}`;
    lane.who = lane.memory.owner === "layer" ? `${phases}'s input` : phases;
  }
  return lanes;
}

class ClockPicture {
  constructor(schedule, junction, wanted) {
    Object.assign(this, {
      schedule,
      junction,
      gutter: 172,
      ruler: 58,
      kept: new Map(),
      columns: schedule.junction_cycle,
    });
    const all = lanesOf(junction, schedule);
    this.lanes = wanted === "all" ? all : [all[Number(wanted)]];
    for (const lane of this.lanes) lane.isShown = true;
    this.place();
    const ports = schedule.ports;
    this.asked = new Uint8Array(this.banks);
    this.words = new Float64Array(this.banks * ports);
  }
  place() {
    const total = this.lanes.reduce((sum, lane) => sum + lane.memory.banks, 0),
      least = total * 0.035;
    const gap = total * 0.006;
    this.banks = 0;
    this.rows = 0;
    this.tallest = 28;
    for (const lane of this.lanes) {
      lane.offset = this.banks;
      lane.y = this.rows;
      lane.height = Math.max(lane.memory.banks, least);
      lane.rowHeight = lane.height / lane.memory.banks;
      this.banks += lane.memory.banks;
      this.rows += lane.height + (lane === this.lanes.at(-1) ? 0 : gap);
    }
  }
  laneAt(row) {
    return this.lanes.find((lane) => row >= lane.y && row < lane.y + lane.height);
  }
  bankAt(lane, row) {
    return Math.min(
      lane.memory.banks - 1,
      Math.max(0, Math.floor((row - lane.y) / lane.rowHeight)),
    );
  }

  /* ---- expanding ---- */

  /* {mask, ports, most}: a byte per bank, bits 0 to 2 for reads of FF, BP and UP and 3 to 5 for writes; most: ports of any bank used. */
  column(clock) {
    let column = this.kept.get(clock);
    if (column) return column;
    column = { mask: new Uint8Array(this.banks), most: 0 };
    this.asked.fill(0);
    this.junction.expand(clock, (use, item) => {
      const lane = use.lane;
      if (!lane.isShown) return;
      const at = lane.offset + (item % lane.memory.banks),
        bit = PHASES.indexOf(use.phase) + (use.direction === "write" ? 3 : 0);
      column.mask[at] |= 1 << bit;
      this.usePort(
        column,
        at,
        2 * Math.floor(item / lane.memory.banks) + (use.direction === "write" ? 1 : 0),
      );
    });
    if (this.kept.size * this.banks > MOST_KEPT_BYTES)
      this.kept.delete(this.kept.keys().next().value);
    this.kept.set(clock, column);
    return column;
  }
  /* Accesses to the same word in the same direction share a port. */
  usePort(column, at, word) {
    const ports = this.schedule.ports,
      used = this.asked[at];
    for (let i = 0; i < used; i++) if (this.words[at * ports + i] === word) return;
    this.words[at * ports + used] = word;
    this.asked[at] = used + 1;
    if (used + 1 > column.most) column.most = used + 1;
  }

  /* ---- painting ---- */

  /* The colour of each mask: its reads and writes mixed, as the eye would mix their stripes from afar. */
  shades(palette) {
    const tones = PHASES.map((phase) => palette[phase]),
      shades = [palette.idle];
    for (let mask = 1; mask < 64; mask++) {
      const parts = [];
      for (let bit = 0; bit < 6; bit++) if ((mask >> bit) & 1) parts.push(tones[bit % 3]);
      shades.push(
        [0, 1, 2].map((i) => parts.reduce((sum, tone) => sum + tone[i], 0) / parts.length),
      );
    }
    return shades;
  }
  paint(grid, context) {
    const palette = colours();
    context.fillStyle = css(palette.paper);
    context.fillRect(0, 0, grid.width, grid.height);
    const deadline = performance.now() + FRAME_MS;
    const coarse = this.lanes.every((lane) => lane.rowHeight * grid.scaleY < 5) || grid.scaleX < 5;
    const isUnfinished = coarse
      ? this.paintPixels(grid, context, palette, deadline)
      : this.paintCells(grid, context, palette, deadline);
    this.paintLabels(grid, context, palette);
    paintRuler(grid, context, "clock");
    this.paintHead(grid, context, palette);
    return isUnfinished;
  }
  /* From afar: each pixel shows the bank and the clock under its middle. */
  paintPixels(grid, context, palette, deadline) {
    const width = Math.round(grid.innerWidth * grid.ratio),
      height = Math.round(grid.innerHeight * grid.ratio);
    const image = context.createImageData(width, height),
      data = new Uint32Array(image.data.buffer);
    const lut = Uint32Array.from(this.shades(palette), pixel),
      empty = pixel(palette.paper),
      waiting = pixel(palette.soft);
    const banks = new Int32Array(height).fill(-1);
    for (let y = 0; y < height; y++) {
      const row = grid.top + (y + 0.5) / grid.ratio / grid.scaleY,
        lane = this.laneAt(row);
      if (lane) banks[y] = lane.offset + this.bankAt(lane, row);
    }
    let isUnfinished = false;
    const masks = [];
    for (let x = 0; x < width; x++) {
      const clock = Math.min(
        this.columns - 1,
        Math.floor(grid.left + (x + 0.5) / grid.ratio / grid.scaleX),
      );
      const isLate = !this.kept.has(clock) && performance.now() > deadline;
      isUnfinished ||= isLate;
      masks.push(isLate ? null : this.column(clock).mask);
    }
    for (let y = 0, at = 0; y < height; y++) {
      const bank = banks[y];
      for (let x = 0; x < width; x++, at++)
        data[at] = bank < 0 ? empty : masks[x] ? lut[masks[x][bank]] : waiting;
    }
    context.putImageData(
      image,
      Math.round(grid.gutter * grid.ratio),
      Math.round(grid.ruler * grid.ratio),
    );
    return isUnfinished;
  }
  /* Close by: a box per bank and clock; reads in its upper half, writes in its lower, FF, BP and UP side by side. */
  paintCells(grid, context, palette, deadline) {
    const end = Math.min(this.columns, Math.ceil(grid.left + grid.innerWidth / grid.scaleX));
    const shades = this.shades(palette).map(css);
    let isUnfinished = false;
    for (let clock = Math.floor(grid.left); clock < end; clock++) {
      const isLate = !this.kept.has(clock) && performance.now() > deadline;
      isUnfinished ||= isLate;
      if (isLate) continue;
      const { mask } = this.column(clock),
        place = (at) => grid.snap(grid.gutter + (at - grid.left) * grid.scaleX);
      const x = place(clock),
        w = place(clock + 1) - x - (grid.scaleX >= 16 ? 2 : 1);
      for (const lane of this.lanes)
        this.paintLane(grid, context, palette, shades, lane, mask, x, w);
    }
    return isUnfinished;
  }
  paintLane(grid, context, palette, shades, lane, mask, x, w) {
    const height = lane.rowHeight * grid.scaleY,
      top = grid.ruler + (lane.y - grid.top) * grid.scaleY;
    const first = Math.max(0, Math.floor((grid.ruler - top) / height)),
      isClose = height >= 5;
    for (let bank = first; bank < lane.memory.banks && top + bank * height < grid.height; bank++) {
      const y = grid.snap(top + bank * height),
        h = grid.snap(top + (bank + 1) * height) - y - (height >= 12 ? 3 : isClose ? 1 : 0);
      const bits = mask[lane.offset + bank];
      context.fillStyle = shades[isClose ? 0 : bits];
      context.fillRect(x, y, w, h);
      if (!isClose || bits === 0) continue;
      this.paintHalf(context, palette, bits & 7, x, y, w, h / 2);
      this.paintHalf(context, palette, bits >> 3, x, y + h / 2, w, h / 2);
    }
  }
  paintHalf(context, palette, bits, x, y, w, h) {
    const phases = PHASES.filter((_, i) => (bits >> i) & 1);
    phases.forEach((phase, i) => {
      context.fillStyle = css(palette[phase]);
      context.fillRect(x + (i * w) / phases.length, y, w / phases.length, h);
    });
  }
  paintLabels(grid, context, palette) {
    context.fillStyle = css(palette.paper);
    context.fillRect(0, grid.ruler, grid.gutter, grid.height);
    context.textAlign = "left";
    context.textBaseline = "middle";
    for (const lane of this.lanes) {
      const top = grid.ruler + (lane.y - grid.top) * grid.scaleY,
        bottom = top + lane.height * grid.scaleY;
      const from = Math.max(grid.ruler, top),
        to = Math.min(grid.height, bottom),
        room = to - from;
      if (room < 10) continue;
      context.save();
      context.beginPath();
      context.rect(0, from, grid.gutter, room);
      context.clip();
      const isTwoLines = room >= 27,
        y = isTwoLines ? from + 9 : from + room / 2;
      context.font = "12px system-ui, sans-serif";
      context.fillStyle = css(palette.ink);
      context.fillText(
        isTwoLines ? lane.name : `${lane.name} · ${[...lane.phases].join(" ")}`,
        10,
        y,
      );
      context.font = "11px system-ui, sans-serif";
      context.fillStyle = css(palette.quiet);
      if (isTwoLines)
        context.fillText(`${lane.who}, ${plural(lane.memory.banks, "bank")}`, 10, y + 14);
      this.paintBanks(grid, context, lane, top, from + (isTwoLines ? 34 : room), to);
      context.restore();
    }
  }
  /* Numbers of banks, where there is room below the lane's name. */
  paintBanks(grid, context, lane, top, from, to) {
    const height = lane.rowHeight * grid.scaleY,
      step = rulerStep(13 / height);
    context.textAlign = "right";
    for (let bank = 0; bank < lane.memory.banks; bank += step) {
      const y = top + (bank + 0.5) * height;
      if (y > to) break;
      if (y - 5 >= from) context.fillText(String(bank), grid.gutter - 8, y);
    }
    context.textAlign = "left";
  }
  /* Above the banks: which clocks issue a slot, and how many ports the busiest bank uses. */
  paintHead(grid, context, palette) {
    const end = Math.min(this.columns, Math.ceil(grid.left + grid.innerWidth / grid.scaleX)),
      { ports } = this.schedule;
    context.fillStyle = css(palette.quiet);
    context.textAlign = "right";
    context.fillText("issue", grid.gutter - 8, 29);
    context.fillText("ports", grid.gutter - 8, 45);
    const gap = grid.scaleX >= 5 ? 1 : 0;
    for (let x = grid.gutter, next; x < grid.width; x = next) {
      const clock = Math.min(
        this.columns - 1,
        Math.floor(grid.left + (x + 0.5 / grid.ratio - grid.gutter) / grid.scaleX),
      );
      next = Math.max(
        x + 1 / grid.ratio,
        grid.snap(grid.gutter + (clock + 1 - grid.left) * grid.scaleX),
      );
      const w = next - x - gap,
        most = this.kept.get(clock)?.most ?? 0,
        h = (11 * most) / ports;
      context.fillStyle = css(
        this.junction.slotOfClock(clock) === NONE ? palette.idle : palette.quiet,
      );
      context.fillRect(x, 24, w, 10);
      context.fillStyle = css(palette.idle);
      context.fillRect(x, 40, w, 11);
      context.fillStyle = css(palette.quiet);
      context.fillRect(x, 51 - h, w, h);
    }
    /* Bubbles are never lost between pixels. */
    context.fillStyle = css(palette.bp);
    for (const slot of this.junction.data.bubbles) {
      const clock = this.junction.clockOfSlot(slot) - 1,
        x = grid.gutter + (clock - grid.left) * grid.scaleX;
      if (clock >= Math.floor(grid.left) && clock < end)
        context.fillRect(Math.max(grid.gutter, x), 32, Math.max(1, grid.scaleX - 1), 2);
    }
  }

  /* ---- words ---- */

  slotText(clock) {
    const slot = this.junction.slotOfClock(clock),
      { data, z } = this.junction;
    if (slot !== NONE)
      return `slot ${slot} is issued: edges ${slot * z} to ${Math.min((slot + 1) * z, data.edges) - 1}`;
    const isBubble = data.bubbles.some((s) => this.junction.clockOfSlot(s) - 1 === clock);
    return isBubble ? "a bubble: no slot is issued" : "no slot is issued";
  }
  accessText(use, item, edge, word) {
    const what = `${use.op} ${use.direction}s word ${word}`;
    if (edge === NONE) return `${what}, neuron ${item} (no edges)`;
    const edges = this.junction.edges,
      ends = `neuron ${edges.leftOf(edge)} → ${edges.rightOf(edge)}`;
    return use.index === "edge"
      ? `${what}, edge ${edge}: ${ends}`
      : `${what}, neuron ${item}, edge ${edge}: ${ends}`;
  }
  describe(clock, row) {
    const lane = this.laneAt(row);
    if (!lane) return null;
    const bank = this.bankAt(lane, row),
      lines = [],
      words = new Set();
    this.junction.expand(clock, (use, item, edge) => {
      if (use.lane !== lane || item % lane.memory.banks !== bank) return;
      const word = Math.floor(item / lane.memory.banks);
      words.add(`${use.direction} ${word}`);
      lines.push({ phase: use.phase, text: this.accessText(use, item, edge, word) });
    });
    const more = lines.length > 12 ? [{ text: `and ${lines.length - 12} more` }] : [];
    const ports = `${words.size} of ${this.schedule.ports} ports used`;
    return {
      title: `junction ${this.junction.number}, clock ${clock}: ${lane.name}, bank ${bank}`,
      lines: [...lines.slice(0, 12), ...more],
      note: `${ports}; ${this.slotText(clock)}`,
    };
  }
  describeHead(clock) {
    const { most } = this.column(clock);
    return {
      title: `junction ${this.junction.number}, clock ${clock}`,
      lines: [],
      note: `${this.slotText(clock)}; the busiest bank uses ${most} of ${this.schedule.ports} ports`,
    };
  }

  /* ---- the cursor ---- */

  rowSpan(row) {
    const lane = this.laneAt(row) ?? this.lanes[0];
    return [lane.rowHeight, lane.y + (this.bankAt(lane, row) + 0.5) * lane.rowHeight];
  }
  moveRow(row, steps) {
    const lane = this.laneAt(row) ?? this.lanes.find((l) => l.y >= row) ?? this.lanes.at(-1);
    const bank = this.bankAt(lane, row) + steps,
      i = this.lanes.indexOf(lane);
    const to =
      bank < 0 && i > 0
        ? this.lanes[i - 1]
        : bank >= lane.memory.banks && this.lanes[i + 1]
          ? this.lanes[i + 1]
          : lane;
    const at =
      to === lane
        ? Math.max(0, Math.min(lane.memory.banks - 1, bank))
        : bank < 0
          ? to.memory.banks - 1
          : 0;
    return this.middleOf(to, at);
  }
  page(row, steps) {
    const i = this.lanes.indexOf(this.laneAt(row) ?? this.lanes[0]) + steps;
    return this.middleOf(this.lanes[Math.max(0, Math.min(this.lanes.length - 1, i))], 0);
  }
  middleOf(lane, bank) {
    return lane.y + (bank + 0.5) * lane.rowHeight;
  }
}
