// SPDX-License-Identifier: MIT
// The reader of the schedule in this page: its loops and address generators, and any clock expanded from them.
//
// It is visit_clock of runtime/schedule.c again, over the same tables: what edge_ops.def says comes along as `ops` and `rules`.

const NONE = 0xffffffff;

/* A table of numbers: {"bytes": 1, 2 or 4 of each, "data": little-endian, in base64}. */
function decodeTable(table) {
  if (!table) return null;
  const text = atob(table.data),
    bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const Type = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[table.bytes];
  return new Type(bytes.buffer);
}

/* The first index in 0 .. count for which `isAtOrAfter` holds. */
function lowerBound(count, isAtOrAfter) {
  let low = 0,
    high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isAtOrAfter(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/* Which left and right neuron an edge joins (runtime/interleaver.h). */
class Generator {
  constructor(data, junction) {
    Object.assign(this, { kind: data.kind, banks: data.banks, rowsPerBank: data.rows_per_bank });
    Object.assign(this, {
      leftCount: junction.left,
      rightCount: junction.right,
      edgeCount: junction.edges,
      fanin: junction.fanin,
    });
    for (const name of ["right_begin", "starts", "rows", "lanes", "base", "offset", "left"])
      this[name] = decodeTable(data[name]);
    this.startStride = data.is_start_shared ? 0 : data.banks;
    this.laneStride = data.is_lane_shared ? 0 : data.banks;
    this.leftOf = {
      dense: this.dense,
      clash_free: this.clashFree,
      window: this.window,
      listed: this.listed,
    }[data.kind];
  }
  dense(edge) {
    return edge % this.leftCount;
  }
  clashFree(edge) {
    const sweep = Math.floor(edge / this.leftCount),
      place = edge % this.leftCount;
    const cycle = Math.floor(place / this.banks),
      lane = place % this.banks;
    const bank = this.lanes ? this.lanes[sweep * this.laneStride + lane] : lane;
    if (this.rows)
      return this.rows[(sweep * this.banks + lane) * this.rowsPerBank + cycle] * this.banks + bank;
    return (
      ((this.starts[sweep * this.startStride + lane] + cycle) % this.rowsPerBank) * this.banks +
      bank
    );
  }
  window(edge) {
    return this.base[Math.floor(edge / this.fanin)] + this.offset[edge % this.fanin];
  }
  listed(edge) {
    return this.left[edge];
  }
  begin(right) {
    return this.right_begin ? this.right_begin[right] : right * this.fanin;
  }
  rightOf(edge) {
    if (!this.right_begin) return Math.floor(edge / this.fanin);
    return lowerBound(this.rightCount, (r) => this.right_begin[r + 1] > edge);
  }
}

class Junction {
  constructor(schedule, data) {
    Object.assign(this, {
      schedule,
      data,
      number: data.number,
      index: data.number - 1,
      z: data.z,
      slots: data.slots,
    });
    this.edges = new Generator(data.generator, data);
    this.lastEdge = decodeTable(data.last_edge);
    this.uses = schedule.rules
      .filter((rule) => this.happens(rule))
      .map((rule) => this.useOf(rule))
      .filter((use) => use.memory);
  }
  /* Whether an access of the table happens in this junction, on the last input of a batch. */
  happens(rule) {
    const { conditions, layers } = this.schedule;
    if (rule.phase === "bp" && !this.data.has_bp) return false;
    if (rule.condition === "output") return this.number === layers.length - 1;
    return rule.condition === "always" || conditions[rule.condition];
  }
  /* An access of the table with the memory that it is to, and the clocks from the slot's issue to its moment. */
  useOf(rule) {
    const number =
      rule.owner === "junction" ? this.number : this.index + (rule.owner === "right_layer" ? 1 : 0);
    const memory = this.schedule.memories.find(
      (m) => m.kind === rule.memory && m.number === number,
    );
    const wait = {
      issue: 0,
      partial: this.data.partial_delay,
      write_back: this.schedule.stages + 1,
    }[rule.moment];
    const delay = rule.phase === "ff" ? this.data.ff_delay : this.data.up_delay;
    return { ...rule, memory, wait, delay, isLayers: memory?.owner === "layer" };
  }
  clockOfSlot(slot) {
    const bubbles = this.data.bubbles;
    return slot + lowerBound(bubbles.length, (i) => bubbles[i] > slot);
  }
  slotOfClock(clock) {
    const slot = lowerBound(this.slots, (s) => this.clockOfSlot(s) >= clock);
    return slot < this.slots && this.clockOfSlot(slot) === clock ? slot : NONE;
  }
  /* Calls visit(use, element, edge) for every access of a clock; edge is NONE for a right neuron without edges. */
  expand(clock, visit) {
    for (const use of this.uses) {
      const issued = clock - use.wait;
      if (issued < 0) continue;
      const slot = this.slotOfClock(issued);
      if (slot !== NONE) this.expandSlot(use, slot, visit);
      if (use.index === "right_last") this.expandUnconnected(use, issued, visit);
    }
  }
  expandSlot(use, slot, visit) {
    const edges = this.edges,
      first = slot * this.z,
      end = Math.min(first + this.z, edges.edgeCount);
    if (use.index === "edge") {
      for (let e = first; e < end; e++) visit(use, e, e);
    } else if (use.index === "left") {
      for (let e = first; e < end; e++) {
        const left = edges.leftOf(e);
        if (use.per !== "left" || this.lastEdge[left] === e) visit(use, left, e);
      }
    } else {
      for (let r = edges.rightOf(first); r < edges.rightCount && edges.begin(r) < end; r++) {
        const begin = edges.begin(r),
          next = edges.begin(r + 1);
        const edge = use.index === "right_first" ? begin : next - 1;
        if (begin < next && edge >= first && edge < end) visit(use, r, edge);
      }
    }
  }
  expandUnconnected(use, clock, visit) {
    const list = this.data.unconnected;
    for (
      let i = lowerBound(list.length, (k) => list[k].clock >= clock);
      i < list.length && list[i].clock === clock;
      i++
    )
      visit(use, list[i].right, NONE);
  }
}

class Schedule {
  constructor(data) {
    Object.assign(this, data.schedule);
    this.conditions = data.conditions;
    this.rules = data.rules.map((rule) => ({ ...rule, ...data.ops[rule.op], op: rule.op }));
    this.junctions = data.schedule.junctions.map((junction) => new Junction(this, junction));
  }
  junction(number) {
    return this.junctions.find((j) => j.number === number);
  }
  /* The input that a junction works on in a junction cycle, or null. */
  inputOf(junction, phase, cycle) {
    const since = cycle - (phase === "ff" ? junction.data.ff_delay : junction.data.up_delay);
    const isIdle =
      since < 0 || since % this.initiation_interval || (phase === "bp" && !junction.data.has_bp);
    return isIdle ? null : since / this.initiation_interval;
  }
  /* Inputs before its own whose updates the weights lack. */
  missingUpdates(junction, phase, cycle) {
    const input = this.inputOf(junction, phase, cycle);
    for (let back = 1; back <= this.initiation_interval && back <= cycle; back++) {
      const updated = this.inputOf(junction, "up", cycle - back);
      if (updated !== null) return input - updated - 1;
    }
    return input;
  }
}
