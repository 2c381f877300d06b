// SPDX-License-Identifier: MIT
// The connection pattern as a matrix: a row for each right neuron, a column for each left one, a mark for each edge.

const RAMPS = {
  light: ["#00224e", "#35456c", "#666970", "#948e77", "#d8c455"],
  dark: ["#3f74ad", "#6f8fae", "#9a9a94", "#c8b86a", "#fee838"],
};

function rampColours(palette) {
  const isDark = palette.paper[0] < 128;
  return RAMPS[isDark ? "dark" : "light"].map((text) =>
    [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16)),
  );
}
function rampAt(stops, share) {
  const at = Math.max(0, Math.min(1, share)) * (stops.length - 1),
    i = Math.min(stops.length - 2, Math.floor(at));
  return blend(stops[i], stops[i + 1], at - i);
}

class PatternPicture {
  constructor(schedule, junction, order, colour) {
    const { left, right } = junction.data;
    Object.assign(this, {
      schedule,
      junction,
      order,
      colour,
      gutter: 66,
      ruler: 24,
      columns: left,
      rows: right,
      tallest: 28,
    });
    this.banks = schedule.layers[junction.index].banks;
    this.words = Math.ceil(left / this.banks);
    /* By bank, a bank's words stand side by side; the last word of some banks does not exist, so columns are counted. */
    if (order === "bank") this.placeByBank();
  }
  placeByBank() {
    this.columnOf = new Uint32Array(this.columns);
    this.leftAt = new Uint32Array(this.columns);
    let column = 0;
    for (let bank = 0; bank < this.banks; bank++) {
      for (let left = bank; left < this.columns; left += this.banks, column++) {
        this.columnOf[left] = column;
        this.leftAt[column] = left;
      }
    }
  }
  column(left) {
    return this.columnOf ? this.columnOf[left] : left;
  }
  left(column) {
    return this.leftAt ? this.leftAt[column] : column;
  }
  clockOf(edge) {
    return this.junction.clockOfSlot(Math.floor(edge / this.junction.z));
  }
  share(edge, left) {
    if (this.colour === "bank") return (left % this.banks) / Math.max(1, this.banks - 1);
    return Math.floor(edge / this.junction.z) / Math.max(1, this.junction.slots - 1);
  }

  paint(grid, context) {
    const palette = colours(),
      stops = rampColours(palette),
      deadline = performance.now() + FRAME_MS;
    context.fillStyle = css(palette.paper);
    context.fillRect(0, 0, grid.width, grid.height);
    const isUnfinished = this.paintEdges(grid, context, palette, stops, deadline);
    this.paintBorders(grid, context, palette);
    this.paintRows(grid, context, palette);
    if (this.columnOf) paintRuler(grid, context, "bank", this.banks, (bank) => this.columnOf[bank]);
    else paintRuler(grid, context, "neuron");
    return isUnfinished;
  }
  /* A line of pixels shows the right neuron under its middle.  Neurons are drawn coarse to fine while there is time, and kept until the
   * columns in view change; a line whose neuron has to wait shows the one above it. */
  paintEdges(grid, context, palette, stops, deadline) {
    const width = Math.round(grid.innerWidth * grid.ratio),
      height = Math.round(grid.innerHeight * grid.ratio);
    const image = context.createImageData(width, height),
      data = new Uint32Array(image.data.buffer);
    const key = [grid.left, grid.scaleX, width, palette.paper].join();
    if (this.key !== key)
      Object.assign(this, {
        key,
        drawn: new Map(),
        tones: Array.from({ length: 256 }, (_, i) => rampAt(stops, i / 255)),
      });
    const rightAt = (y) =>
      Math.min(this.rows - 1, Math.floor(grid.top + (y + 0.5) / grid.ratio / grid.scaleY));
    let isUnfinished = false;
    for (let step = 16; step >= 1 && !isUnfinished; step /= 2) {
      for (let y = 0; y < height; y += step) {
        const right = rightAt(y);
        if (this.drawn.has(right)) continue;
        isUnfinished = this.drawn.size > 0 && performance.now() > deadline;
        if (isUnfinished) break;
        this.drawn.set(right, this.drawNeuron(grid, right, width, palette.idle));
      }
    }
    for (let y = 0; y < height; y++) {
      const line = this.drawn.get(rightAt(y));
      if (line) data.set(line, y * width);
      else data.copyWithin(y * width, (y - 1) * width, y * width);
    }
    context.putImageData(
      image,
      Math.round(grid.gutter * grid.ratio),
      Math.round(grid.ruler * grid.ratio),
    );
    return isUnfinished;
  }
  /* Pixels of one right neuron: its edges, mixed with the ground as far as left neurons without edges share a pixel. */
  drawNeuron(grid, right, width, ground) {
    const edges = this.junction.edges,
      scale = grid.scaleX * grid.ratio,
      line = new Uint32Array(width).fill(pixel(ground));
    const hits = new Float32Array(width),
      tone = new Uint8Array(width),
      gap = scale > 4 ? grid.ratio : 0,
      weakest = scale < 1 ? 0.18 : 0;
    for (let edge = edges.begin(right), end = edges.begin(right + 1); edge < end; edge++) {
      const left = edges.leftOf(edge),
        from = (this.column(left) - grid.left) * scale;
      if (from + scale < 0 || from >= width) continue;
      const first = Math.max(0, Math.floor(from)),
        shade = 255 * this.share(edge, left);
      if (scale <= 1) {
        hits[first] += scale;
        tone[first] = shade;
      } else {
        const last = Math.min(width, Math.max(first + 1, Math.ceil(from + scale - gap)));
        hits.fill(1, first, last);
        tone.fill(shade, first, last);
      }
    }
    for (let x = 0; x < width; x++)
      if (hits[x] > 0)
        line[x] = pixel(blend(ground, this.tones[tone[x]], Math.min(1, weakest + hits[x])));
    return line;
  }
  /* Where the next bank begins, or in the order of neurons the next word of all banks. */
  paintBorders(grid, context, palette) {
    const group = this.columnOf ? this.words : this.banks,
      count = Math.ceil(this.columns / group);
    const start = (i) => (this.columnOf ? this.columnOf[i] : i * group);
    context.fillStyle = css(palette.paper);
    for (let i = 1; i < (this.columnOf ? this.banks : count) && group * grid.scaleX >= 6; i++) {
      const x = grid.gutter + (start(i) - grid.left) * grid.scaleX;
      if (x >= grid.gutter && x < grid.width) context.fillRect(x - 1, grid.ruler, 1.5, grid.height);
    }
    if (grid.scaleY < 5) return;
    context.fillStyle = css(palette.paper);
    for (
      let row = Math.ceil(grid.top);
      row < Math.min(this.rows, grid.top + grid.innerHeight / grid.scaleY);
      row++
    )
      context.fillRect(
        grid.gutter,
        grid.ruler + (row - grid.top) * grid.scaleY - 0.5,
        grid.width,
        1,
      );
  }
  paintRows(grid, context, palette) {
    context.fillStyle = css(palette.paper);
    context.fillRect(0, grid.ruler, grid.gutter, grid.height);
    context.fillStyle = css(palette.quiet);
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "right";
    context.textBaseline = "middle";
    const step = rulerStep(16 / grid.scaleY),
      end = Math.min(this.rows, grid.top + grid.innerHeight / grid.scaleY);
    for (let row = Math.ceil(grid.top / step) * step; row < end; row += step) {
      const y = grid.ruler + (row + 0.5 - grid.top) * grid.scaleY;
      if (y < grid.height - 4)
        context.fillText(String(row), grid.gutter - 8, Math.max(grid.ruler + 6, y));
    }
  }

  describe(column, row) {
    const { edges, z } = this.junction,
      left = this.left(column),
      right = Math.floor(row),
      { layers } = this.schedule;
    let edge = NONE;
    for (let e = edges.begin(right); e < edges.begin(right + 1); e++)
      if (edges.leftOf(e) === left) edge = e;
    const title = `${layers[this.junction.index].name} ${left} → ${layers[this.junction.number].name} ${right}`;
    const bank = this.placeText(left);
    if (edge === NONE) return { title, lines: [{ text: "no edge" }], note: bank };
    const slot = Math.floor(edge / z);
    return {
      title,
      lines: [
        { text: `edge ${edge}, slot ${slot}, clock ${this.clockOf(edge)}` },
        { text: `its weight is word ${slot} of bank ${edge % z}` },
      ],
      note: bank,
    };
  }
  describeHead(column) {
    const left = this.left(column);
    return {
      title: `${this.schedule.layers[this.junction.index].name} ${left}`,
      lines: [],
      note: this.placeText(left),
    };
  }
  placeText(left) {
    return `neuron ${left} is word ${Math.floor(left / this.banks)} of bank ${left % this.banks}`;
  }
  rowSpan(row) {
    return [1, Math.floor(row) + 0.5];
  }
  moveRow(row, steps) {
    return Math.max(0, Math.min(this.rows - 1, Math.floor(row) + steps)) + 0.5;
  }
  page(row, steps) {
    return this.moveRow(row, 10 * steps);
  }
}
