#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Drives `sedge lsp` as an editor does, over standard input and output, by the client library pylsp_jsonrpc.

    SEDGE_BINARY=build/sedge tests/language_server.py [-v] [TEST...]
"""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

try:
    from pylsp_jsonrpc.endpoint import Endpoint
    from pylsp_jsonrpc.exceptions import JsonRpcException
    from pylsp_jsonrpc.streams import JsonRpcStreamReader, JsonRpcStreamWriter
except ImportError:
    print("skipped: needs the Debian package python3-pylsp-jsonrpc")
    sys.exit(77)

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()
SECONDS = 60  # more than any answer may take, however slow the machine

PROGRAM = """\
param fanout = 8;

network n {
  input  a[64];
  layer  b[32]        : relu;
  output c[10] pad 16 : softmax;

  junction a -> b : clashfree(fanout = fanout);
  junction b -> c : dense();
}

hardware h {
  clock = 10 MHz;
  z     = auto;
}
"""


class Client:
    """One server and the editor's side of the connection."""

    def __init__(self, capabilities=None, options=None, initialize=True, words=()):
        self.server = subprocess.Popen([str(BINARY), "lsp", "--stdio", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.diagnostics = queue.Queue()
        self.errors = queue.Queue()  # answers to what had no id that we know
        dispatcher = {"textDocument/publishDiagnostics": self.diagnostics.put}
        self.endpoint = Endpoint(dispatcher, JsonRpcStreamWriter(self.server.stdin).write)
        reader = JsonRpcStreamReader(self.server.stdout)
        self.thread = threading.Thread(target=reader.listen, args=(self.take,), daemon=True)
        self.thread.start()
        if initialize:
            self.capabilities = self.ask("initialize", {
                "processId": os.getpid(), "rootUri": None, "capabilities": capabilities or {},
                "initializationOptions": options})["capabilities"]
            self.endpoint.notify("initialized", {})

    def take(self, message):
        if "id" in message and message["id"] is None:
            self.errors.put(message["error"])
        else:
            self.endpoint.consume(message)

    def ask(self, method, params=None):
        return self.endpoint.request(method, params).result(timeout=SECONDS)

    def about(self, method, uri, line=None, character=None, **more):
        params = {"textDocument": {"uri": uri}, **more}
        if line is not None:
            params["position"] = {"line": line, "character": character}
        return self.ask("textDocument/" + method, params)

    def open(self, uri, text, version=1):
        self.endpoint.notify("textDocument/didOpen", {"textDocument": {
            "uri": uri, "languageId": "sedge", "version": version, "text": text}})

    def change(self, uri, version, *changes):
        self.endpoint.notify("textDocument/didChange", {
            "textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)})

    def messages(self, uri, version=None):
        """The next diagnostics of a document (of that version)."""
        while True:
            sent = self.diagnostics.get(timeout=SECONDS)
            if sent["uri"] == uri and version in (None, sent.get("version")):
                return sent["diagnostics"]

    def raw(self, data):
        self.server.stdin.write(data)
        self.server.stdin.flush()

    def stop(self):
        """Ends the server in order; its exit code."""
        self.ask("shutdown")
        self.endpoint.notify("exit")
        return self.close()

    def close(self):
        try:
            self.server.stdin.close()
        except BrokenPipeError:
            pass
        code = self.server.wait(timeout=SECONDS)
        self.thread.join(timeout=SECONDS)
        self.endpoint.shutdown()
        self.server.stdout.close()
        return code


def span(first, begin, last, end):
    return {"start": {"line": first, "character": begin}, "end": {"line": last, "character": end}}


def position_of(text, at):
    """The position of a character, counted in UTF-16 as the protocol does by default."""
    before = text[:at]
    return {"line": before.count("\n"), "character": len(before[before.rfind("\n") + 1:].encode("utf-16-le")) // 2}


def place_of(text, found):
    """Line and character of a piece of text; `|` in it marks the place, else its beginning."""
    position = position_of(text, text.index(found.replace("|", "", 1)) + max(0, found.find("|")))
    return position["line"], position["character"]


def offset_of(text, position):
    lines = text.splitlines(keepends=True) + [""]
    before = "".join(lines[:position["line"]])
    units = lines[position["line"]].encode("utf-16-le")[:2 * position["character"]]
    return len(before) + len(units.decode("utf-16-le"))


def apply_edits(text, edits):
    for edit in sorted(edits, key=lambda e: offset_of(text, e["range"]["start"]), reverse=True):
        begin, end = (offset_of(text, edit["range"][side]) for side in ("start", "end"))
        text = text[:begin] + edit["newText"] + text[end:]
    return text


class LanguageServer(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sedge-lsp-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()

    def uri(self, name):
        return (self.folder / name).as_uri()

    def start(self, **options):
        client = Client(**options)
        self.addCleanup(lambda: client.server.poll() is None and client.server.kill())
        return client

    def open(self, text, name="n.sedge"):
        """A client with one open document, and that document's URI and first messages."""
        client = self.start()
        uri = self.uri(name)
        client.open(uri, text)
        return client, uri, client.messages(uri, 1)

    # ---- the connection ----

    def test_begins_and_ends_in_order(self):
        client = self.start(initialize=False)
        with self.assertRaises(JsonRpcException) as early:
            client.ask("textDocument/hover", {})
        self.assertEqual(early.exception.code, -32002)
        self.assertIn("hoverProvider", client.ask("initialize", {"capabilities": {}})["capabilities"])
        with self.assertRaises(JsonRpcException) as twice:
            client.ask("initialize", {"capabilities": {}})
        self.assertEqual(twice.exception.code, -32600)
        client.ask("shutdown")
        with self.assertRaises(JsonRpcException) as late:
            client.ask("textDocument/hover", {})
        self.assertEqual(late.exception.code, -32600)
        client.endpoint.notify("exit")
        self.assertEqual(client.close(), 0)

    def test_ends_with_its_input(self):
        self.assertEqual(self.start().close(), 1)
        client = self.start()
        client.endpoint.notify("exit")
        self.assertEqual(client.close(), 1)

    def test_refuses_what_it_does_not_know(self):
        client = self.start()
        for method, params, code in [
            ("textDocument/nothing", {}, -32601),
            ("textDocument/hover", {}, -32602),
            ("textDocument/hover", None, -32602),
            ("textDocument/hover", {"textDocument": {"uri": "file:///none"}, "position": {}}, -32602),
            ("textDocument/completion", [1, 2], -32602),
        ]:
            with self.subTest(method=method, params=params), self.assertRaises(JsonRpcException) as refused:
                client.ask(method, params)
            self.assertEqual(refused.exception.code, code)
        client.open(self.uri("n.sedge"), PROGRAM)
        for position in ({}, {"line": -1, "character": 0}, {"line": "1", "character": 0}):
            with self.subTest(position=position), self.assertRaises(JsonRpcException) as refused:
                client.ask("textDocument/hover", {"textDocument": {"uri": self.uri("n.sedge")}, "position": position})
            self.assertEqual(refused.exception.code, -32602)
        client.endpoint.notify("$/unheardOf", {})
        client.endpoint.notify("textDocument/didChange", {"textDocument": 3})
        client.endpoint.notify("textDocument/didOpen")
        self.assertIsNone(client.about("hover", self.uri("n.sedge"), 10**12, 10**12))
        self.assertEqual(client.stop(), 0)

    def test_survives_malformed_messages(self):
        client = self.start()
        for data, code in [
            (b"Content-Length: 5\r\n\r\n{{{{{", -32700),
            (b"Content-Length: 2\r\n\r\n[]", -32600),
            (b"Content-Length: 2\r\n\r\n{}", -32600),
            (b'Content-Length: 25\r\n\r\n{"id": [1], "method": "x"}'[:-1], -32700),
            (b'Content-Length: 26\r\n\r\n{"id": [1], "method": "x"}', -32600),
            (b"content-length:4\r\nContent-Type: x\r\n\r\nnull", -32600),
            (b"Content-Length: 1\n\n1", -32600),
            (b"Content-Length: 4\r\n\r\n\xff\xff\xff\xff", -32700),
            (b"noise\r\n\r\nnoise: " + 100000 * b"n" + b"\r\n\r\nContent-Length: 4\r\n\r\nnull", -32600),
            (b"Content-Length: " + 70000 * b"1" + b"\r\n\r\nContent-Length: 4\r\n\r\ntrue", -32600),
            (b"Content-Length: -3\r\n\r\nContent-Length: 3\r\n\r\n" + b"[]]", -32700),
            (b"Content-Length: 20000\r\n\r\n" + 20000 * b"[", -32700),
        ]:
            with self.subTest(data=data[:60]):
                client.raw(data)
                self.assertEqual(client.errors.get(timeout=SECONDS)["code"], code)
        client.raw(b"Content-Length: 70000000\r\n\r\n")
        self.assertEqual(client.errors.get(timeout=SECONDS)["code"], -32600)
        for _ in range(70):
            client.raw(1000000 * b" ")
        self.assertEqual(client.stop(), 0)

    def test_takes_messages_in_pieces(self):
        client = self.start()
        body = json.dumps({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {
            "textDocument": {"uri": self.uri("n.sedge"), "languageId": "sedge", "version": 7, "text": "let x = ;"}}}).encode()
        for byte in b"Content-Length: %d\r\n\r\n%s" % (len(body), body):
            client.raw(bytes([byte]))
        self.assertEqual(client.messages(self.uri("n.sedge"), 7)[0]["code"], "E0001")
        self.assertEqual(client.stop(), 0)

    def test_cancels_what_waits(self):
        client = self.start()
        uri = self.uri("n.sedge")
        client.open(uri, PROGRAM)
        request = {"jsonrpc": "2.0", "id": "one", "method": "textDocument/hover",
                   "params": {"textDocument": {"uri": uri}, "position": {"line": 3, "character": 10}}}
        cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "one"}}
        answers = queue.Queue()
        consume, client.endpoint.consume = client.endpoint.consume, answers.put
        frames = [json.dumps(message).encode() for message in (request, cancel)]
        client.raw(b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(frame), frame) for frame in frames))
        answer = answers.get(timeout=SECONDS)
        while answer.get("id") != "one":
            answer = answers.get(timeout=SECONDS)
        self.assertEqual(answer["error"]["code"], -32800)
        client.endpoint.consume = consume
        self.assertEqual(client.stop(), 0)

    # ---- messages ----

    def test_tells_mistakes_while_one_types(self):
        client, uri, messages = self.open(PROGRAM)
        self.assertEqual(messages, [])
        line, character = place_of(PROGRAM, "relu")
        client.change(uri, 2, {"range": span(line, character, line, character + 4), "text": "rleu"})
        (message,) = client.messages(uri, 2)
        self.assertEqual((message["code"], message["severity"], message["source"]), ("E0205", 1, "sedge"))
        self.assertEqual(message["range"], span(line, character, line, character + 4))
        self.assertIn("did you mean 'relu'?", message["message"])
        client.change(uri, 3, {"range": span(line, character, line, character + 4), "text": "relu"})
        self.assertEqual(client.messages(uri, 3), [])
        client.change(uri, 4, {"text": "let x = 1;\nlet x = 2;\n"})
        twice = next(m for m in client.messages(uri, 4) if "twice" in m["message"])
        self.assertEqual(twice["relatedInformation"][0]["location"], {"uri": uri, "range": span(0, 4, 0, 5)})
        self.assertEqual(client.stop(), 0)

    def test_tells_what_does_not_fit(self):
        client, uri, messages = self.open(PROGRAM.replace("z     = auto", "multipliers = 2"))
        messages = messages or client.messages(uri)
        self.assertRegex(messages[0]["code"], "E03")
        self.assertEqual(client.stop(), 0)

    def test_marks_what_is_unused(self):
        client, uri, messages = self.open(PROGRAM + "let spare = 3;\n")
        self.assertEqual([(m["code"], m["severity"], m["tags"]) for m in messages], [("W0101", 2, [1])])
        self.assertEqual(client.stop(), 0)

    def test_counts_characters_as_the_editor_does(self):
        text = "/* \U0001F41D\u00e4 */ let x = ;\n"
        for encodings, character in ((None, 20 - 2), (["utf-16"], 18), (["utf-32", "utf-8"], 21)):
            with self.subTest(encodings=encodings):
                client = self.start(capabilities={"general": {"positionEncodings": encodings}} if encodings else {})
                self.assertEqual(client.capabilities["positionEncoding"],
                                 "utf-8" if encodings and "utf-8" in encodings else "utf-16")
                uri = self.uri("n.sedge")
                client.open(uri, text)
                (message, *_) = client.messages(uri, 1)
                self.assertEqual(message["range"]["start"], {"line": 0, "character": character})
                client.change(uri, 2, {"range": {"start": message["range"]["start"], "end": message["range"]["start"]},
                                       "text": "1"})
                self.assertNotIn("E0001", [m["code"] for m in client.messages(uri, 2)])
                self.assertEqual(client.stop(), 0)

    def test_follows_edits_of_every_kind(self):
        client, uri, _ = self.open("")
        text = ""
        pieces = ["let a = 1;\n", "\U0001F41D", "x", "\r\n", "// \u00e4\n", "", "\n\n", "network n { input i[4]; }\n"]
        state = 12345
        for version in range(2, 60):
            state = (1103515245 * state + 12345) % 2**31
            begin = state // 7 % (len(text) + 1)
            end = min(len(text), begin + state // 1000 % 5)
            while 0 < begin < len(text) and text[begin - 1:begin + 1] == "\r\n":
                begin -= 1
            while 0 < end < len(text) and text[end - 1:end + 1] == "\r\n":
                end += 1
            piece = pieces[state // 31 % len(pieces)]

            client.change(uri, version, {"text": piece, "range": {
                "start": position_of(text, begin), "end": position_of(text, max(begin, end))}})
            text = text[:begin] + piece + text[max(begin, end):]
        client.messages(uri, 59)
        # What the server has is what we have: a change of the whole to the same gives the same answers.
        symbols = client.about("documentSymbol", uri)
        client.change(uri, 60, {"text": text})
        self.assertEqual(client.about("documentSymbol", uri), symbols)
        self.assertEqual(client.stop(), 0)

    # ---- imports ----

    def imported(self):
        (self.folder / "common.sedge").write_text("let width = 32;\nactivation soft(x) = x / (1 + abs(x));\n")
        text = 'import "common.sedge";\n' + PROGRAM.replace("b[32]", "b[width]").replace("relu", "soft")
        return self.open(text) + (text,)

    def test_goes_to_definitions_across_imports(self):
        client, uri, messages, text = self.imported()
        self.assertEqual(messages, [])
        common = self.uri("common.sedge")
        for found, where in [
            ("b[wi|dth]", (common, span(0, 4, 0, 9))), ("so|ft;", (common, span(1, 11, 1, 15))),
            ('"comm|on', (common, span(0, 0, 0, 0))), ("fanout = fan|out", (uri, span(1, 6, 1, 12))),
            ("junction |a", (uri, span(4, 9, 4, 10))), ("-> b|", (uri, span(5, 9, 5, 10))),
        ]:
            with self.subTest(found=found):
                answer = client.about("definition", uri, *place_of(text, found))
                self.assertEqual((answer["uri"], answer["range"]), where)
        self.assertIsNone(client.about("definition", uri, *place_of(text, "dense")))
        self.assertEqual(client.stop(), 0)

    def test_looks_for_imports_in_folders(self):
        for name in ("one", "two"):
            (self.folder / name).mkdir()
            (self.folder / name / f"{name}.sedge").write_text(f"let {name} = 1;\n")
        client = self.start(words=["-I", str(self.folder / "one")], options={"includeFolders": [str(self.folder / "two")]})
        uri = self.uri("n.sedge")
        client.open(uri, 'import "one.sedge";\nimport "two.sedge";\n' + PROGRAM.replace("[64]", "[64 * one * two]"))
        self.assertEqual(client.messages(uri, 1), [])
        self.assertEqual(client.about("definition", uri, 1, 10)["uri"], self.uri("two/two.sedge"))
        self.assertEqual(client.stop(), 0)

    def test_reads_imports_that_are_not_saved(self):
        client, uri, _, _ = self.imported()
        common = self.uri("common.sedge")
        client.open(common, "let breadth = 32;\n")
        messages = client.messages(uri)
        while len(messages) < 2:
            messages = client.messages(uri)
        texts = " ".join(message["message"] for message in messages)
        self.assertIn("unknown name 'width'", texts)
        self.assertIn("unknown activation 'soft'", texts)
        client.endpoint.notify("textDocument/didClose", {"textDocument": {"uri": common}})
        self.assertEqual(client.messages(uri), [])
        self.assertEqual(client.stop(), 0)

    def test_tells_mistakes_in_imports_where_they_are(self):
        (self.folder / "common.sedge").write_text("let width = ;\n")
        client, uri, _ = self.open('import "common.sedge";\n' + PROGRAM)
        common = self.uri("common.sedge")
        client.change(uri, 2, {"text": 'import "common.sedge";\n' + PROGRAM + "\n"})
        self.assertEqual([m["code"] for m in client.messages(common)], ["E0001"])
        (self.folder / "common.sedge").write_text("let width = 1;\n")
        client.endpoint.notify("workspace/didChangeWatchedFiles", {"changes": []})
        messages = client.messages(common)
        while messages:
            messages = client.messages(common)
        self.assertEqual(client.stop(), 0)

    def test_renames_in_all_files(self):
        client, uri, _, text = self.imported()
        common = self.uri("common.sedge")
        places = client.about("references", uri, *place_of(text, "[wi|dth]"), context={"includeDeclaration": True})
        self.assertEqual(sorted(p["uri"] for p in places), sorted([common, uri]))
        self.assertEqual(client.about("prepareRename", uri, *place_of(text, "[wi|dth]"))["placeholder"], "width")
        edit = client.about("rename", uri, *place_of(text, "[wi|dth]"), newName="breadth")["changes"]
        self.assertEqual(apply_edits(text, edit[uri]), text.replace("width", "breadth"))
        source = (self.folder / "common.sedge").read_text()
        self.assertEqual(apply_edits(source, edit[common]), source.replace("width", "breadth"))
        layer = client.about("rename", uri, *place_of(text, "-> |b"), newName="hidden")["changes"]
        self.assertEqual(len(layer[uri]), 3)
        for name in ("fanout", "9", "", "a b"):
            with self.subTest(name=name), self.assertRaises(JsonRpcException) as refused:
                client.about("rename", uri, *place_of(text, "[wi|dth]"), newName=name)
            self.assertEqual(refused.exception.code, -32803)
        with self.assertRaises(JsonRpcException):
            client.about("rename", uri, *place_of(text, "dense"), newName="thick")
        self.assertEqual(client.stop(), 0)

    def test_renames_parameters_of_patterns(self):
        text = "pattern near(radius)(l, r) = abs(l - r) <= radius;\n" + PROGRAM.replace("dense()", "near(radius = 3)")
        client, uri, _ = self.open(text)
        edit = client.about("rename", uri, *place_of(text, "<= ra|dius"), newName="reach")["changes"][uri]
        self.assertEqual(apply_edits(text, edit), text.replace("radius", "reach"))
        self.assertEqual(len(client.about("documentHighlight", uri, *place_of(text, "<= ra|dius"))), 3)
        self.assertEqual(client.stop(), 0)

    # ---- answers ----

    def test_explains_what_is_under_the_cursor(self):
        client, uri, _ = self.open(PROGRAM)
        for found, shown in [
            ("param fan|out", "= 8"), ("output |c", "10 neurons, padded to 16"), ("layer  |b", "32 neurons"),
            ("junction a -|> b", "512 of 2,048 edges, 25 %; fan-in 16, fan-out 8; z"), ("|junction b", "junction 2"),
            ("clash|free", "any z that divides banks"), ("|clashfree", "clashfree(fanout, fanin, density, banks"),
            ("clo|ck", "frequency"), ("M|Hz", "1000000 Hz"), ("(fan|out =", "edges out of each left neuron"),
            ("re|lu", "max(0, x)"), ("network |n", "64-32-16: 1,024 edges"), ("hardware |h", "clocks an input"),
            ("|network", "layers, and the junctions"), ("|pad", "fills a layer"), ("z   |", None), ("10|", None),
        ]:
            with self.subTest(found=found):
                answer = client.about("hover", uri, *place_of(PROGRAM, found))
                if shown is None:
                    self.assertIsNone(answer)
                else:
                    self.assertIn(shown, answer["contents"]["value"])
        self.assertEqual(client.stop(), 0)

    def test_explains_the_network_while_the_rest_is_wrong(self):
        text = PROGRAM.replace("10 MHz", "10 Mhz")
        client, uri, messages = self.open(text)
        self.assertEqual([m["code"] for m in messages], ["E0105"])
        for found, shown in (("layer  |b", "32 neurons"), ("a -|> b", "512 of 2,048 edges, 25 %"), ("network |n", "64-32-16")):
            self.assertIn(shown, client.about("hover", uri, *place_of(text, found))["contents"]["value"])
        self.assertEqual(client.stop(), 0)

    def test_completes(self):
        text = PROGRAM + "\ntrain {\n  loss = quadratic;\n  \n}\n\n"
        client, uri, _ = self.open(text)
        for line, written, some, none in [
            (0, "", ["param", "network"], ["junction", "clock"]),
            (3, "", ["input", "junction"], ["network", "loss"]),
            (18, "", ["optimizer", "batch"], ["loss", "clock"]),
            (18, "optimizer = ", ["sgd", "adam"], ["fanout"]),
            (18, "optimizer = ad", ["adam"], []),
            (18, "optimizer = sgd(", ["rate", "momentum", "step", "fanout"], ["beta1"]),
            (18, "optimizer = sgd(rate = ", ["step", "cosine", "fanout"], ["momentum"]),
            (18, "optimizer = sgd(rate = step(1, ", ["factor", "every"], ["rate"]),
            (18, "shuffle = ", ["true", "false"], ["fanout"]),
            (18, "batch = ", ["fanout", "min"], ["sgd"]),
            (12, "z = ", ["auto"], []),
            (12, "clock = 10 ", ["MHz"], ["fanout"]),
            (7, "junction ", ["a", "b", "c"], ["clashfree"]),
            (7, "junction a -> b : ", ["clashfree", "window"], ["a", "sgd"]),
            (7, "junction a -> b : clashfree(", ["fanout", "banks"], []),
            (7, "layer x[3] : ", ["relu", "sigmoid"], ["softmix"]),
            (7, "layer x[3] ", ["pad"], ["relu"]),
            (0, "// p", [], ["param"]),
        ]:
            with self.subTest(written=written):
                lines = text.split("\n")
                lines.insert(line, written)
                client.change(uri, None, {"text": "\n".join(lines)})
                labels = [item["label"] for item in client.about("completion", uri, line, len(written))["items"]]
                for label in some:
                    self.assertIn(label, labels)
                for label in none:
                    self.assertNotIn(label, labels)
        self.assertEqual(client.stop(), 0)

    def test_shows_the_arguments_of_calls(self):
        text = "pattern near(radius, wide = 2)(l, r) = abs(l - r) <= radius * wide;\n" + PROGRAM.replace(
            "dense()", "near(3, wide = 1)")
        client, uri, _ = self.open(text)
        for found, label, active in [
            ("clashfree(|fanout", "clashfree(fanout, fanin, density, banks, type, dither, seed)", 0),
            ("near(3|", "near(radius, wide)", 0), ("near(3, |wide", "near(radius, wide)", 1),
        ]:
            with self.subTest(found=found):
                answer = client.about("signatureHelp", uri, *place_of(text, found))
                self.assertEqual((answer["signatures"][0]["label"], answer["activeParameter"]), (label, active))
        self.assertIn("edges out of", client.about("signatureHelp", uri, *place_of(text, "clashfree(|fanout"))[
            "signatures"][0]["parameters"][0]["documentation"])
        self.assertIsNone(client.about("signatureHelp", uri, *place_of(text, "clo|ck")))
        client.change(uri, 2, {"text": "train { optimizer = sgd(1/8, nesterov = true, l2 = "})
        answer = client.about("signatureHelp", uri, 0, 51)
        self.assertEqual(answer["activeParameter"], 3)
        self.assertEqual(client.stop(), 0)

    def test_outlines_the_file(self):
        client, uri, _ = self.open(PROGRAM)
        symbols = client.about("documentSymbol", uri)
        self.assertEqual([s["name"] for s in symbols], ["fanout", "n", "h"])
        self.assertEqual([s["name"] for s in symbols[1]["children"]], ["a[64]", "b[32]", "c[10] pad 16", "a -> b", "b -> c"])
        self.assertEqual([s["name"] for s in symbols[2]["children"]], ["clock", "z"])
        for symbol in [*symbols, *symbols[1]["children"]]:
            outer, inner = symbol["range"], symbol["selectionRange"]
            for side, worse in (("start", max), ("end", min)):
                pair = [(r[side]["line"], r[side]["character"]) for r in (outer, inner)]
                self.assertEqual(worse(pair), pair[1])
        self.assertEqual(client.stop(), 0)

    def test_formats(self):
        for text in ("let a=1;// \u00e4\n\n\n\nlet bc = 2 ;", PROGRAM.replace("  ", " "), PROGRAM.replace("\n", "\r\n"),
                     "let a = 1;\nlet b=2;\nlet c = 3;\n", "  ", "let \U0001F41D", PROGRAM):
            with self.subTest(text=text):
                client, uri, _ = self.open(text)
                done = subprocess.run([str(BINARY), "fmt", "-"], input=text.encode(), capture_output=True, check=False)
                params = {"options": {"tabSize": 2, "insertSpaces": True}}
                if done.returncode:
                    with self.assertRaises(JsonRpcException):
                        client.about("formatting", uri, **params)
                else:
                    edits = client.about("formatting", uri, **params)
                    self.assertEqual(apply_edits(text, edits), done.stdout.decode())
                    self.assertEqual(edits == [], text == done.stdout.decode())
                self.assertEqual(client.stop(), 0)

    def test_mends(self):
        wrong = PROGRAM.replace("relu", "rleu").replace("clashfree", "clashfre").replace("clock", "clokc").replace(
            "auto;", "auto")
        client, uri, messages = self.open(wrong)
        for _ in range(6):
            if not messages:
                break
            message = messages[0]
            actions = client.about("codeAction", uri, range=message["range"], context={"diagnostics": [message]})
            self.assertTrue(actions, message)
            self.assertEqual(actions[0]["kind"], "quickfix")
            self.assertEqual(actions[0]["diagnostics"], [message])
            wrong = apply_edits(wrong, actions[0]["edit"]["changes"][uri])
            client.change(uri, None, {"text": wrong})
            messages = client.messages(uri)
        self.assertEqual(wrong, PROGRAM)
        self.assertEqual(client.about("codeAction", uri, range=span(0, 0, 99, 0), context={"diagnostics": []}), [])
        self.assertEqual(client.stop(), 0)

    def test_offers_what_the_messages_advise(self):
        for old, wrong, new in [
            ("clashfree(fanout = fanout)", "clashfree(fanout = fanout, banks = 30)", "clashfree(fanout = fanout, banks = 32)"),
            ("clashfree(fanout = fanout)", "clashfree(fanout = fanout, banks = 30)", "clashfree(fanout = fanout, banks = 16)"),
            ("fanout = fanout", "fanout = 40", "fanout = 32"),
            ("fanout = fanout", "density = 1/50", "density = 1/32"),
            ("        : relu", "", " : relu"),
            ("a[64]", "a[64] : relu", "a[64]"),
            ("z     = auto", "number = fixed(width = 8, integer = 8)", "number = fixed(width = 8, integer = 7)"),
            ("z     = auto", "ports = 1", "ports = 2"),
            ("z     = auto", "z     = (24, 10)", "z     = (16, 10)"),
            ("z     = auto", "multipliers = 80; z = (64, 32)", None),
            ("param fanout = 8;", "param fanout = 8; let spare = 3;", "param fanout = 8; "),
        ]:
            with self.subTest(wrong=wrong, new=new):
                text = PROGRAM.replace(old, wrong, 1)
                client, uri, messages = self.open(text)
                client.about("hover", uri, 0, 0)  # fits the network, which has messages of its own
                actions = client.about("codeAction", uri, range=span(0, 0, 99, 0), context={"diagnostics": messages})
                mended = [apply_edits(text, action["edit"]["changes"][uri]) for action in actions]
                if new is None:
                    self.assertRegex(actions[0]["title"], r"write `\(\d+, \d+\)` instead of `\(64, 32\)`")
                else:
                    self.assertIn(PROGRAM.replace(old, new, 1), mended)
                self.assertTrue(all(action["kind"] == "quickfix" for action in actions))
                self.assertEqual(client.stop(), 0)

    def test_hints_at_what_was_chosen(self):
        client, uri, _ = self.open(PROGRAM)
        fit = json.loads(subprocess.run([str(BINARY), "fit", "-I", ".", "--json", "/dev/stdin"], input=PROGRAM, text=True,
                                        capture_output=True, check=True).stdout)
        hints = client.about("inlayHint", uri, range=span(0, 0, 99, 0))
        labels = {hint["position"]["line"]: hint["label"] for hint in hints}
        for junction, line in zip(fit["junctions"], (7, 8)):
            self.assertEqual(labels[line], f"z {junction['z']}, {junction['clocks']} clocks")
        speed = f"{fit['inputs_per_second']:,.0f} inputs a second"
        self.assertRegex(labels[11], rf"^[0-9]+ clocks an input, {speed}$")
        self.assertEqual(len(client.about("inlayHint", uri, range=span(7, 0, 7, 99))), 1)
        self.assertEqual(client.stop(), 0)

    # ---- speed ----

    def test_keeps_up_with_typing(self):
        layers = 320
        lines = [f"param p{i} = {i} + 1;" for i in range(1000)] + ["network n {", "  input l0[16];"]
        lines += [f"  layer l{i}[16] : relu;" for i in range(1, layers)] + [f"  output l{layers}[16] : sigmoid;"]
        lines += [f"  junction l{i} -> l{i + 1} : clashfree(fanout = 4);" for i in range(layers)] + ["}"]
        lines += [f"// {i}" for i in range(2000 - len(lines))]
        client, uri, _ = self.open("\n".join(lines))
        version = 1
        medians = []
        # A machine that is busy with something else may be slow once: the best of three rounds counts.
        while len(medians) < 3 and (not medians or min(medians) >= 50):
            times = []
            for _ in range(20):
                version += 1
                begin = time.monotonic()
                client.change(uri, version, {"range": span(500, 11, 500, 12), "text": str(version % 10)})
                client.messages(uri, version)
                times.append(1000 * (time.monotonic() - begin))
            medians.append(sorted(times)[len(times) // 2])
        print(f"\n2,000 lines: {min(medians):.1f} ms a change")
        is_slow = "1" in (os.environ.get("SEDGE_IS_SANITIZED"), os.environ.get("SEDGE_IS_COUNTED"))
        self.assertLess(min(medians), 500 if is_slow else 50)
        self.assertEqual(client.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
