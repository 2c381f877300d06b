// SPDX-License-Identifier: MIT
// A canvas over a grid of cells that can be far larger than the screen: zoom, pan, a cursor for the keyboard.
//
// A picture gives a grid its content:
//   columns, rows            size of the world, in cells
//   gutter, ruler            pixels for labels at the left and at the top
//   paint(grid, context)     draws what is visible; returns true where more work is left for the next frame
//   describe(column, row)    what showTip says about a cell, or null
//   describeHead(column, y)  the same for what is drawn above the cells
//   tallest                  pixels that a unit of rows has at most
//   rowSpan(row)             [height, middle] of the cell that a row lies in; cells may be higher than a unit
//   moveRow(row, steps)      the middle of the cell so many steps further;  page(row, steps)  of so many groups of cells
//
// Coordinates: column x of the world is at pixel gutter + (x - left) * scaleX.

class Grid {
  constructor(holder, tools, label) {
    this.canvas = element("canvas", { tabindex: 0, role: "img", "aria-label": label });
    holder.append(this.canvas);
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.cursor = null;
    this.isWaiting = false;
    this.listen();
    for (const button of tools.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => {
        if (button.dataset.zoom === "fit") this.fit();
        else
          this.zoom(
            button.dataset.zoom === "in" ? 1.6 : 1 / 1.6,
            this.gutter + this.innerWidth / 2,
            this.ruler + this.innerHeight / 2,
          );
      });
    }
    new ResizeObserver(() => this.resize()).observe(holder);
  }
  get gutter() {
    return this.picture.gutter;
  }
  get ruler() {
    return this.picture.ruler;
  }
  get innerWidth() {
    return Math.max(1, this.width - this.gutter);
  }
  get innerHeight() {
    return Math.max(1, this.height - this.ruler);
  }

  show(picture) {
    this.picture = picture;
    this.cursor = null;
    this.resize();
    this.fit();
  }
  resize() {
    if (!this.picture) return;
    const box = this.canvas.parentElement.getBoundingClientRect();
    const isFitted = this.width === undefined || this.isFitted;
    this.ratio = window.devicePixelRatio || 1;
    this.width = Math.max(50, box.width - 2);
    this.height = Math.max(50, box.height - 2);
    this.canvas.width = Math.round(this.width * this.ratio);
    this.canvas.height = Math.round(this.height * this.ratio);
    if (isFitted) this.fit();
    else this.clamp();
  }
  fit() {
    this.look(0, this.picture.columns, 0, this.picture.rows);
    this.isFitted = true;
  }
  /* Makes these columns and rows fill the canvas. */
  look(left, right, top, bottom) {
    this.scaleX = this.innerWidth / (right - left);
    this.scaleY = this.innerHeight / (bottom - top);
    this.left = left;
    this.top = top;
    this.clamp();
  }
  /* Keeps the whole world, or less of it, in view. */
  clamp() {
    this.clampScales();
    const { columns, rows } = this.picture;
    this.left = Math.max(0, Math.min(columns - this.innerWidth / this.scaleX, this.left));
    this.top = Math.max(0, Math.min(rows - this.innerHeight / this.scaleY, this.top));
    this.isFitted = false;
    this.draw();
  }
  clampScales() {
    const leastX = this.innerWidth / this.picture.columns,
      leastY = this.innerHeight / this.picture.rows;
    this.scaleX = Math.max(leastX, Math.min(Math.max(72, leastX), this.scaleX));
    this.scaleY = Math.max(leastY, Math.min(Math.max(this.picture.tallest, leastY), this.scaleY));
  }
  zoom(factor, x, y) {
    const column = this.left + (x - this.gutter) / this.scaleX,
      row = this.top + (y - this.ruler) / this.scaleY;
    const before = [this.scaleX, this.scaleY];
    this.scaleX *= factor;
    this.scaleY *= factor;
    this.clampScales();
    if (before[0] === this.scaleX && before[1] === this.scaleY) return;
    this.left = column - (x - this.gutter) / this.scaleX;
    this.top = row - (y - this.ruler) / this.scaleY;
    this.clamp();
  }
  pan(dx, dy) {
    this.left -= dx / this.scaleX;
    this.top -= dy / this.scaleY;
    this.clamp();
  }
  /* The cell at a pixel of the canvas, or null. */
  cellAt(x, y) {
    if (x < this.gutter || y < this.ruler) return null;
    const column = Math.floor(this.left + (x - this.gutter) / this.scaleX),
      row = this.top + (y - this.ruler) / this.scaleY;
    return column >= 0 && column < this.picture.columns && row >= 0 && row < this.picture.rows
      ? { column, row }
      : null;
  }
  /* The middle of a cell in pixels of the canvas. */
  placeOf(column, row) {
    return {
      x: this.gutter + (column + 0.5 - this.left) * this.scaleX,
      y: this.ruler + (row - this.top) * this.scaleY,
    };
  }
  /* The nearest border between pixels of the screen: boxes that meet leave no seam. */
  snap(place) {
    return Math.round(place * this.ratio) / this.ratio;
  }
  draw() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      this.drawNow();
    });
  }
  drawNow() {
    if (!this.picture) return;
    this.context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const isUnfinished = this.picture.paint(this, this.context);
    if (this.cursor) this.drawCursor();
    if (isUnfinished) this.draw();
  }
  drawCursor() {
    const [height, middle] = this.picture.rowSpan(this.cursor.row),
      { x, y } = this.placeOf(this.cursor.column, middle);
    const w = Math.max(6, this.scaleX),
      h = Math.max(6, height * this.scaleY);
    this.context.strokeStyle = css(colours().cursor);
    this.context.lineWidth = 2;
    this.context.strokeRect(x - w / 2, y - h / 2, w, h);
  }

  /* ---- pointer and keyboard ---- */

  describeAt(x, y, clientX, clientY) {
    const cell = this.cellAt(x, Math.max(y, this.ruler));
    const content =
      cell &&
      (y < this.ruler
        ? this.picture.describeHead(cell.column, y)
        : this.picture.describe(cell.column, cell.row));
    if (content) showTip(content, clientX, clientY);
    else hideTip();
  }
  listen() {
    const canvas = this.canvas,
      pointers = new Map();
    let pressed = null;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, event);
      pressed = event;
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before)
        return this.describeAt(event.offsetX, event.offsetY, event.clientX, event.clientY);
      pointers.set(event.pointerId, event);
      if (pointers.size === 2) return this.pinch([...pointers.values()], before, event);
      hideTip();
      this.pan(event.clientX - before.clientX, event.clientY - before.clientY);
    });
    canvas.addEventListener("pointerup", (event) => {
      const isClick =
        pressed &&
        pointers.size === 1 &&
        Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY) < 4;
      const cell =
        isClick && event.offsetY >= this.ruler && this.cellAt(event.offsetX, event.offsetY);
      if (cell) this.moveTo(cell.column, cell.row);
    });
    for (const name of ["pointerup", "pointercancel"])
      canvas.addEventListener(name, (event) => pointers.delete(event.pointerId));
    canvas.addEventListener("pointerleave", hideTip);
    canvas.addEventListener("blur", hideTip);
    canvas.addEventListener("dblclick", (event) => this.zoom(2, event.offsetX, event.offsetY));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
  }
  pinch(both, before, now) {
    const other = both.find((event) => event.pointerId !== now.pointerId);
    const distance = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1;
    this.zoom(
      distance(now, other) / distance(before, other),
      (now.offsetX + other.offsetX) / 2,
      (now.offsetY + other.offsetY) / 2,
    );
  }
  wheel(event) {
    if (!event.ctrlKey && document.activeElement !== this.canvas)
      return hideTip(); /* the page scrolls */
    event.preventDefault();
    if (event.shiftKey) return this.pan(-event.deltaY - event.deltaX, 0);
    this.zoom(
      Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)),
      event.offsetX,
      event.offsetY,
    );
    this.describeAt(event.offsetX, event.offsetY, event.clientX, event.clientY);
  }
  key(event) {
    const pages = { PageUp: -1, PageDown: 1 },
      moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const middle = this.cursor
      ? this.placeOf(this.cursor.column, this.picture.rowSpan(this.cursor.row)[1])
      : { x: this.gutter + this.innerWidth / 2, y: this.ruler + this.innerHeight / 2 };
    const { columns } = this.picture,
      cursor = this.cursor ?? {
        column: Math.ceil(this.left),
        row: this.picture.moveRow(this.top, 0),
      };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") this.zoom(1.6, middle.x, middle.y);
    else if (event.key === "-") this.zoom(1 / 1.6, middle.x, middle.y);
    else if (event.key === "0") this.fit();
    else if (event.key === "Escape") {
      this.cursor = null;
      hideTip();
      this.draw();
      return event.preventDefault();
    } else if (event.key === "Home") this.moveTo(0, cursor.row);
    else if (event.key === "End") this.moveTo(columns - 1, cursor.row);
    else if (pages[event.key])
      this.moveTo(cursor.column, this.picture.page(cursor.row, pages[event.key]));
    else if (moves[event.key]) {
      const [dx, dy] = this.cursor ? moves[event.key] : [0, 0],
        far = event.shiftKey ? 10 : 1;
      this.moveTo(
        Math.max(0, Math.min(columns - 1, cursor.column + far * dx)),
        this.picture.moveRow(cursor.row, far * dy),
      );
    } else return;
    event.preventDefault();
  }
  /* Puts the cursor on a cell, brings it into view and says what it is. */
  moveTo(column, row) {
    this.cursor = { column, row };
    const [height, middle] = this.picture.rowSpan(row);
    const right = this.left + this.innerWidth / this.scaleX,
      bottom = this.top + this.innerHeight / this.scaleY;
    if (column < this.left) this.left = column;
    if (column + 1 > right) this.left += column + 1 - right;
    if (middle - height / 2 < this.top) this.top = middle - height / 2;
    if (middle + height / 2 > bottom) this.top += middle + height / 2 - bottom;
    this.clamp();
    const place = this.placeOf(column, middle),
      box = this.canvas.getBoundingClientRect();
    const content = this.picture.describe(column, middle);
    if (!content) return hideTip();
    showTip(content, box.left + place.x, box.top + place.y);
    announce(content);
  }
}

/* Steps of 1, 2, 5 times a power of ten that are at least `least` long. */
function rulerStep(least) {
  for (let power = 1; ; power *= 10)
    for (const factor of [1, 2, 5]) if (factor * power >= least) return factor * power;
}

/* Numbers along the top: of columns, or of `count` groups of them, which start where start(group) says. */
function paintRuler(grid, context, name, count = grid.picture.columns, start = (group) => group) {
  const palette = colours(),
    size = grid.picture.columns / count,
    step = rulerStep(44 / (grid.scaleX * size));
  context.fillStyle = css(palette.paper);
  context.fillRect(0, 0, grid.width, grid.ruler);
  context.fillStyle = css(palette.quiet);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "right";
  context.fillText(name, grid.gutter - 8, 12);
  context.textAlign = "center";
  const first = Math.ceil(grid.left / size / step) * step,
    end = Math.min(count, (grid.left + grid.innerWidth / grid.scaleX) / size);
  for (let group = first; group < end; group += step) {
    const x = grid.gutter + (start(group) + size / 2 - grid.left) * grid.scaleX;
    if (x < grid.width - 8) context.fillText(String(group), Math.max(grid.gutter + 4, x), 12);
  }
}
