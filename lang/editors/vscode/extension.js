// SPDX-License-Identifier: MIT
// The extension's whole code: it starts `sedge lsp`, and hands the rest to the client library.
"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

/* Starts the server that the settings name; tells the user where there is none. */
async function start() {
  const settings = vscode.workspace.getConfiguration("sedge");
  const command = settings.get("path");
  client = new LanguageClient(
    "sedge",
    "sedge",
    { command, args: ["lsp"] },
    {
      documentSelector: [{ language: "sedge" }],
      initializationOptions: { includeFolders: settings.get("includeFolders") },
      synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.sedge") },
    },
  );
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(
      `sedge: '${command} lsp' could not be started; set "sedge.path" to the sedge command (${error.message})`,
    );
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running && running.needsStop()) await running.stop();
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("sedge.restart", restart),
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("sedge") && restart()),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
