// SPDX-License-Identifier: MIT
// Made by sedge: runs the trainer in the WebAssembly module of the same name beside this file.
//
//     node NAME.mjs train --help
//
// Node 18 or later. The module may read and write what you may, as a program may.
import { readFile } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";

process.removeAllListeners("warning"); // of node, that its WASI is an experiment
const { WASI } = await import("node:wasi");

const script = fileURLToPath(import.meta.url);
const environment = { PWD: process.cwd(), SEDGE_FOLDER: dirname(script), COLUMNS: `${process.stderr.columns ?? 0}` };
const wasi = new WASI({
  version: "preview1",
  args: [`node ${relative("", script)}`, ...process.argv.slice(2)],
  env: { ...process.env, ...environment },
  preopens: { "/": "/" },
  returnOnExit: true,
});

// Called by the module itself, node 20's own functions can destroy its heap (nodejs/node issue 46777); called by JavaScript, not.
const calls = Object.entries(wasi.wasiImport).map(([name, call]) => [name, (...values) => call(...values)]);
const imports = { wasi_snapshot_preview1: Object.fromEntries(calls) };

const file = script.replace(/\.mjs$/, ".wasm");
try {
  const trainer = await WebAssembly.compile(await readFile(file));
  process.exitCode = wasi.start(await WebAssembly.instantiate(trainer, imports));
} catch (error) {
  const isTrap = error instanceof WebAssembly.RuntimeError;
  console.error(isTrap ? error : `${file}: error: ${error.message}`);
  if (isTrap) console.error("this is a defect of sedge, not of your file; please report it with the file and the command");
  process.exitCode = isTrap ? 70 : 4;
}
