#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what scripts rely on beside the text of messages: exit codes, streams, signals, files left behind.

    SEDGE_BINARY=build/sedge tests/command_line.py [-v] [TEST...]
"""

import json
import os
import pty
import re
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()
DONE, WRONG, USAGE, SYSTEM, INTERRUPTED = 0, 1, 2, 4, 130

PROGRAM = """
network small {
  input frame[64]; layer hidden[32] : tanh; output symbol[64] : softmax;
  junction frame -> hidden : clashfree(fanout = 8);
  junction hidden -> symbol : dense();
}
train { data = morse(train = 2000, test = 100); order = pipelined; batch = 7; epochs = %d;
        optimizer = adam(rate = 1/64); }
"""


class CommandLine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sedge-command-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.write("small.sedge", PROGRAM % 3)
        self.write("long.sedge", PROGRAM % 1000)

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def run_sedge(self, *words, code=DONE, **options):
        """The finished command; fails the test when its exit code is another than `code`."""
        settings = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        if "input" in settings:
            del settings["stdin"]
        done = subprocess.run([str(BINARY), *words], cwd=self.folder, text=True, timeout=300, check=False, **settings)
        self.assertEqual(done.returncode, code, f"sedge {' '.join(words)}\n{done.stderr}")
        return done

    def events(self, *words, **options):
        done = self.run_sedge(*words, "--json", **options)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def start(self, *words):
        return subprocess.Popen([str(BINARY), *words], cwd=self.folder, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    # ---- usage ----

    def test_wrong_usage_is_explained(self):
        for words, message in [
            (["trian"], "did you mean 'train'?"),
            (["nothing-like-it"], "there is no verb"),
            (["explain", "pasta"], "there is no error code 'pasta'; codes look like E0001"),
            (["generate", "man2"], "generate makes no 'man2'; did you mean 'man1'?"),
            (["generate", "nothing-like-it"], "it makes\n  bash "),
            (["check", "small.sedge", "--stop-after", "nothing-like-it"], "they are check, edges, model, fit and schedule"),
            (["schedule", "small.sedge", "--clocks", "99999..100000"], "the junction cycle has clocks 0.."),
            (["fit"], "usage: sedge fit FILE"),
            (["fit", "a.sedge", "b.sedge"], "usage: sedge fit FILE"),
            (["train", "--epoch", "3"], "did you mean --epochs?"),
            (["train", "--epochs"], "--epochs needs a value"),
            (["train", "--epochs", "-3"], "a whole number from 0, not '-3'"),
            (["train", "--epochs", "99999999999999999999"], "a whole number from 0"),
            (["train", "--epochs", "5000000000"], "at most 4294967295"),
            (["train", "--every", "2"], "--checkpoint"),
            (["train", "--checkpoint", "c", "--every", "0"], "--every is from 1 to 4294967295 epochs"),
            (["train", "--checkpoint", "c", "--every", "4294967296"], "--every is from 1 to 4294967295 epochs"),
            (["train", "--load", "a", "--resume", "b"], "give one of them"),
            (["train", "--engine", "magic"], "there is no engine 'magic'"),
            (["fit", "small.sedge", "--epochs", "3"], "'sedge fit' has no option --epochs"),
            (["check", "small.sedge", "--color", "perhaps"], "auto, always or never"),
            (["check", "small.sedge", "--dump", "egdes"], "did you mean edges"),
            (["test", "small.sedge"], "needs --load"),
            (["predict", "small.sedge"], "needs --load"),
            (["explain", "E9999"], "there is no error code"),
            (["schedule", "small.sedge", "--format", "poem"], "there is no format 'poem'"),
            (["schedule", "small.sedge", "--junction", "3"], "there is no junction 3"),
            (["schedule", "small.sedge", "--clocks", "3..1"], "no range of clocks"),
            (["schedule", "small.sedge", "--clocks", "-1"], "'-1' is no range of clocks"),
            (["schedule", "small.sedge", "--clocks", "0...1"], "'0...1' is no range of clocks"),
            (["train", "small.sedge", "-O", "4"], "-O is 0, 1, 2 or 3, not 4"),
            (["bench", "small.sedge", "--cpu", ""], "--cpu needs the name of a processor"),
        ]:
            with self.subTest(words=words):
                done = self.run_sedge(*words, code=USAGE)
                self.assertIn(message, done.stderr)
                self.assertEqual(done.stdout, "")
        self.assertEqual(self.names(), ["long.sedge", "small.sedge"])

    def test_help_shows_an_example_for_every_verb(self):
        overview = self.run_sedge("--help").stdout
        self.assertEqual(self.run_sedge().stdout, overview)
        verbs = re.findall(r"^  ([a-z]+) ", overview, re.MULTILINE)
        self.assertGreaterEqual(len(verbs), 7)
        for verb in verbs:
            text = self.run_sedge(verb, "--help").stdout
            self.assertIn(f"usage: sedge {verb}", text)
            self.assertRegex(text, rf"example:\n  sedge {verb}")
        self.assertRegex(self.run_sedge("--version").stdout, r"^sedge \d+\.\d+\.\d+\n$")

    def test_a_file_alone_is_fitted(self):
        self.assertEqual(self.run_sedge("small.sedge").stdout, self.run_sedge("fit", "small.sedge").stdout)

    # ---- one layout ----

    def test_fmt_rewrites_what_differs(self):
        self.write("a.sedge", "let a=1; // why\n")
        self.write("b.sedge", "let b = 1;\n")
        (self.folder / "a.sedge").chmod(0o640)
        self.assertEqual(self.run_sedge("fmt", "--check", "a.sedge", "b.sedge", code=WRONG).stdout, "a.sedge\n")
        self.assertEqual((self.folder / "a.sedge").read_text(), "let a=1; // why\n")
        self.assertEqual(self.run_sedge("fmt", "a.sedge", "b.sedge").stdout, "a.sedge\n")
        self.assertEqual((self.folder / "a.sedge").read_text(), "let a = 1;" + 29 * " " + "// why\n")
        self.assertEqual((self.folder / "a.sedge").stat().st_mode & 0o777, 0o640)
        self.assertEqual(self.run_sedge("fmt", "--check", "a.sedge", "b.sedge").stdout, "")
        self.assertEqual(self.names(), ["a.sedge", "b.sedge", "long.sedge", "small.sedge"])

    def test_fmt_leaves_wrong_files_alone(self):
        self.write("a.sedge", "let a=;\n")
        self.write("b.sedge", "let b=1;\n")
        done = self.run_sedge("fmt", "a.sedge", "b.sedge", code=WRONG)
        self.assertIn("a.sedge:1:7: error: unexpected ';'", done.stderr)
        self.assertEqual(done.stdout, "b.sedge\n")
        self.assertEqual((self.folder / "a.sedge").read_text(), "let a=;\n")
        self.run_sedge("fmt", "none.sedge", code=SYSTEM)
        if os.geteuid() != 0:
            self.folder.chmod(0o500)
            self.addCleanup(self.folder.chmod, 0o700)
            self.write("small.sedge", "let a=1;")
            self.run_sedge("fmt", "small.sedge", code=SYSTEM)

    def test_fmt_is_a_filter(self):
        self.assertEqual(self.run_sedge("fmt", "-", input="let a=1;").stdout, "let a = 1;\n")
        self.assertEqual(self.run_sedge("fmt", "--check", "-", input="let a=1;", code=WRONG).stdout, "-\n")
        done = self.run_sedge("fmt", "-", input="let a=;", code=WRONG)
        self.assertIn("standard input:1:7: error", done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(self.events("fmt", "--check", "-", input="let a=1;", code=WRONG), [{"file": "-", "changed": True}])

    def test_lsp_notices_that_nobody_listens(self):
        body = '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}'
        with open("/dev/full", "w") as full:
            done = self.run_sedge("lsp", input=f"Content-Length: {len(body)}\r\n\r\n{body}", stdout=full, code=SYSTEM)
        self.assertIn("standard output could not be written", done.stderr)

    # ---- results ----

    def test_train_reports_as_json_lines(self):
        events = self.events("train", "small.sedge", "--epochs", "2")
        self.assertEqual([e["event"] for e in events], ["epoch", "epoch", "done"])
        self.assertEqual(list(events[0]), ["event", "epoch", "inputs", "train_loss", "train_accuracy", "test_loss",
                                           "test_accuracy", "seconds", "inputs_per_second"])
        self.assertEqual(list(events[2]), ["event", "engine", "epochs", "inputs", "test_accuracy", "parameters",
                                           "parameters_sha256"])
        self.assertEqual([e["inputs"] for e in events], [2000, 2000, 4000])
        self.assertEqual(events[2]["test_accuracy"], events[1]["test_accuracy"])
        self.assertRegex(events[2]["parameters_sha256"], "^[0-9a-f]{64}$")
        again = self.events("train", "small.sedge", "--epochs", "2")
        self.assertEqual(again[2], events[2])

    def test_validation_is_reported_where_there_is_a_split(self):
        self.write("split.sedge", PROGRAM.replace("batch = 7", "split = split(train = 500, validation = 50)") % 1)
        epoch, done = self.events("train", "split.sedge")
        self.assertEqual(epoch["inputs"], 500)
        self.assertIn("validation_loss", epoch)
        self.assertIn("validation_accuracy", epoch)
        self.assertEqual(done["validation_accuracy"], epoch["validation_accuracy"])

    def test_quiet_says_nothing_but_the_result(self):
        self.assertEqual(self.run_sedge("train", "small.sedge", "-q", "--json").stderr, "")
        loud = self.run_sedge("train", "small.sedge")
        self.assertEqual(len(loud.stderr.splitlines()), 3, "a line per epoch")
        self.assertIn("accuracy", loud.stdout)
        self.assertNotIn("\r", loud.stderr)

    def test_inputs_stop_the_run_inside_an_epoch(self):
        events = self.events("train", "small.sedge", "--inputs", "2500")
        self.assertEqual([e["inputs"] for e in events], [2000, 500, 2500])
        self.assertEqual(self.events("train", "small.sedge", "--inputs", "0")[-1]["inputs"], 0)

    def test_parameters_are_saved_and_loaded(self):
        first = self.events("train", "small.sedge", "--epochs", "0", "--save", "start")[-1]
        trained = self.events("train", "small.sedge", "--save", "end")[-1]
        self.assertNotEqual(first["parameters_sha256"], trained["parameters_sha256"])
        self.assertEqual(self.events("train", "small.sedge", "--load", "start")[-1], trained)
        loaded = self.events("train", "small.sedge", "--epochs", "0", "--load", "end")[-1]
        self.assertEqual(loaded["parameters_sha256"], trained["parameters_sha256"])
        tested = self.events("test", "small.sedge", "--load", "end")[-1]
        self.assertEqual(tested["parameters_sha256"], trained["parameters_sha256"])
        self.assertEqual(tested["test_accuracy"], trained["test_accuracy"])
        confusion = tested["confusion"]
        self.assertEqual(sum(map(sum, confusion)), 100)
        self.assertAlmostEqual(sum(confusion[k][k] for k in range(64)) / 100, tested["test_accuracy"])
        self.assertIn("most confused", self.run_sedge("test", "small.sedge", "--load", "end").stdout)

    def test_predict_gives_class_and_scores(self):
        self.run_sedge("train", "small.sedge", "-q", "--save", "end")
        words = ["predict", "small.sedge", "--load", "end"]
        lines = self.run_sedge(*words).stdout.splitlines()
        self.assertEqual(len(lines), 100)
        predictions = self.events(*words)
        for line, prediction in zip(lines, predictions):
            numbers = line.split()
            self.assertEqual(int(numbers[0]), prediction["class"])
            scores = [float(number) for number in numbers[1:]]
            self.assertEqual(len(scores), 64)
            self.assertEqual(scores.index(max(scores)), prediction["class"])
        right = sum(p["class"] == p["label"] for p in predictions)
        tested = self.events("test", "small.sedge", "--load", "end")[-1]
        self.assertAlmostEqual(right / 100, tested["test_accuracy"])
        self.assertEqual(self.run_sedge(*words, "7").stdout, lines[7] + "\n")

    def test_predict_reads_rows(self):
        self.run_sedge("train", "small.sedge", "-q", "--epochs", "0", "--save", "w")
        words = ["predict", "small.sedge", "--load", "w"]
        row = ",".join("0.5" for _ in range(64))
        header = ",".join(f"x{i}" for i in range(64))
        self.write("rows.csv", f"{header}\n{row}\n{row},3\n\n{row.replace(',', ' ')}\n")
        lines = self.run_sedge(*words, "rows.csv").stdout.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertEqual(len(set(lines)), 1)
        self.assertEqual(self.run_sedge(*words, "-", input=row).stdout, lines[0] + "\n")
        self.assertIn("standard input: error: has no row", self.run_sedge(*words, "-", input="", code=SYSTEM).stderr)
        self.write("short.csv", f"{row}\n1,2,3\n")
        self.assertIn("line 2 has 3 numbers", self.run_sedge(*words, "short.csv", code=SYSTEM).stderr)
        self.write("bad.csv", f"{row}\n{row[:-3]}abc\n")
        self.assertIn("line 2", self.run_sedge(*words, "bad.csv", code=SYSTEM).stderr)
        self.write("empty.csv", "")
        self.run_sedge(*words, "empty.csv", code=SYSTEM)
        self.run_sedge(*words, "absent.csv", code=SYSTEM)
        self.assertIn("numbered 0 to 99", self.run_sedge(*words, "100", code=WRONG).stderr)

    def test_data_may_have_no_test_examples(self):
        self.write("rows.csv", "0.5,0.25,0\n0.5,0.5,1\n")
        self.write("rows.sedge", "network n { input x[2]; output y[2] : softmax; junction x -> y : dense(); }\n"
                                 "train { data = csv(\"rows.csv\"); }\n")
        self.run_sedge("train", "rows.sedge", "--engine", "sim", "-q", "--save", "w")
        for verb in ("test", "predict"):
            done = self.run_sedge(verb, "rows.sedge", "--engine", "sim", "--load", "w", code=WRONG)
            self.assertIn("the data have no test examples", done.stderr)

    def test_bytes_that_are_no_text(self):
        for text, message in [(b'let a = "x\0y";\n', "this text holds a NUL character"),
                              (b"let a = \x01;\n", "unexpected control character 0x01"),
                              (b"let a = \xff;\n", "the byte 0xff is no UTF-8"),
                              (b" " * (16 << 20) + b"x", "more than 16 MiB of text")]:
            (self.folder / "odd.sedge").write_bytes(text)
            self.assertIn(message, self.run_sedge("check", "odd.sedge", errors="replace",
                                                  code=SYSTEM if len(text) > 99 else WRONG).stderr)

    def test_a_lock_is_no_link(self):
        (self.folder / ".c.lock").symlink_to("small.sedge")
        done = self.run_sedge("train", "small.sedge", "--engine", "sim", "--inputs", "1", "--checkpoint", "c", code=SYSTEM)
        self.assertIn("c: error: cannot be locked: Too many levels of symbolic links", done.stderr)

    def test_messages_are_json_too(self):
        self.write("wrong.sedge", "network n { input a[4]; output b[2] : sigmoid; junction a -> c : dense(); }\n")
        done = self.run_sedge("check", "wrong.sedge", "--json", code=WRONG)
        message = json.loads(done.stdout.splitlines()[0])
        for key in "file line column end_line end_column severity code message".split():
            self.assertIn(key, message)
        self.assertEqual(done.stderr, "")
        done = self.run_sedge("train", "wrong.sedge", "--json", code=WRONG)
        self.assertEqual(json.loads(done.stdout.splitlines()[0]), message)

    # ---- how it looks ----

    def test_a_plot_shows_the_epochs(self):
        utf8 = {**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": ""}
        ascii_only = {**os.environ, "LC_ALL": "C"}
        events = self.events("train", "small.sedge", "--epochs", "5")[:-1]
        values = {"accuracy": [f"{100 * v:.2f} %" for e in events for v in (e["train_accuracy"], e["test_accuracy"])],
                  "loss": [f"{v:.4g}" for e in events for v in (e["train_loss"], e["test_loss"])]}
        for environment, marks in ((utf8, "\u2502"), (ascii_only, "|")):
            text = self.run_sedge("train", "small.sedge", "--epochs", "5", "--plot", env=environment).stdout
            self.assertLessEqual(max(map(len, text.splitlines())), 80)
            self.assertNotIn("\x1b", text)
            for what, numbers in values.items():
                plot = re.search(rf"^ +{what}  test.*\n((?:.*[{marks}].*\n){{9}})", text, re.MULTILINE)[1].splitlines()
                ends = [plot[0].split(marks)[0].strip(), plot[8].split(marks)[0].strip()]
                self.assertEqual(ends, sorted(numbers, key=lambda n: float(n.split()[0]))[::-1][::len(numbers) - 1])
                self.assertTrue(all(line == line.rstrip() for line in plot))
        self.assertEqual(ascii(self.run_sedge("train", "small.sedge", "--plot", env=ascii_only).stdout).count("\\u"), 0)
        colored = self.run_sedge("train", "small.sedge", "--plot", "--color", "always", env=utf8).stdout
        self.assertIn("\x1b[33m", colored)
        self.assertEqual(self.lasting(re.sub(r"\x1b\[\d*m", "", colored)),
                         self.lasting(self.run_sedge("train", "small.sedge", "--plot", env=utf8).stdout))

    @staticmethod
    def lasting(text):
        return re.sub(r"^trained .*$", "", text, flags=re.MULTILINE)

    def test_json_stays_alone_beside_a_plot(self):
        done = self.run_sedge("train", "small.sedge", "--plot", "--json", "-q")
        self.assertEqual([json.loads(line)["event"] for line in done.stdout.splitlines()], ["epoch"] * 3 + ["done"])
        self.assertIn("accuracy  test", done.stderr)

    def test_nothing_is_wider_than_80_columns(self):
        self.write("split.sedge", PROGRAM.replace("batch = 7", "split = split(train = 1500, validation = 500)") % 12)
        for words in (["train", "small.sedge"], ["train", "split.sedge", "--plot"], ["fit", "small.sedge"]):
            for color in ("always", "never"):
                done = self.run_sedge(*words, "--color", color)
                plain = re.sub(r"\x1b\[\d*m", "", done.stdout + done.stderr)
                self.assertEqual("\x1b" in done.stdout, color == "always")
                self.assertLessEqual(max(map(len, plain.splitlines())), 80)
                for line in plain.splitlines():
                    self.assertEqual(line, line.rstrip())

    # ---- texts ----

    def test_a_text_in_another_encoding_is_one_mistake(self):
        program = (PROGRAM % 3).replace("network small", "// caf\xe9, na\xefve\n/* \xfc */ network small")
        texts = {"comment": program,
                 "text": (PROGRAM % 3).replace("morse(train = 2000, test = 100)", 'csv("\xe9t\xe9.csv")'),
                 "code": "let caf\xe9 = 1;\n" + PROGRAM % 3,
                 "cut": "// \xe2\x82\n" + PROGRAM % 3}
        for name, text in texts.items():
            (self.folder / f"{name}.sedge").write_bytes(text.encode("latin-1"))
            byte = next(character for character in text if ord(character) > 127)
            line = text[:text.index(byte)].count("\n") + 1
            with self.subTest(name=name):
                done = self.run_sedge("check", f"{name}.sedge", "--json", code=WRONG, errors="replace")
                messages = [json.loads(message) for message in done.stdout.splitlines()]
                self.assertEqual([(m["line"], m["code"], m["message"]) for m in messages],
                                 [(line, "E0003", f"the byte 0x{ord(byte):02x} is no UTF-8")])
                self.run_sedge("fmt", f"{name}.sedge", code=WRONG, errors="replace")
        for encoding in ("utf-16", "utf-16-be", "utf-16-le"):
            (self.folder / "wide.sedge").write_bytes(("\ufeff" * (encoding != "utf-16") + program).encode(encoding))
            for verb in ("check", "fmt"):
                done = self.run_sedge(verb, "wide.sedge", code=WRONG)
                self.assertRegex(done.stderr, r"^wide.sedge: error: the text is UTF-16\n +. help: save the file as UTF-8\n1 error")
        self.write("imports.sedge", 'import "comment.sedge";\n')
        done = self.run_sedge("check", "imports.sedge", code=WRONG, errors="replace")
        self.assertIn("comment.sedge:2:7: error: the byte 0xe9", done.stderr)
        done = self.run_sedge("check", "small.sedge", "-D", "train.epochs=1 // \udce9", code=WRONG, errors="replace")
        self.assertIn("the byte 0xe9 is no UTF-8", done.stderr)
        (self.folder / "right.sedge").write_text("// caf\u00e9 \U0001d6fc\n" + PROGRAM % 3, encoding="utf-8-sig")
        self.run_sedge("check", "right.sedge")

    # ---- files ----

    def test_what_cannot_be_read_is_a_system_failure(self):
        self.write("text", "this is no safetensors file, whatever its name says")
        self.run_sedge("train", "small.sedge", "-q", "--epochs", "0", "--save", "w")
        self.write("data.sedge", PROGRAM.replace("morse(train = 2000, test = 100)", 'idx("absent")') % 1)
        for words, message in [
            (["check", "absent.sedge"], "absent.sedge"),
            (["check", "."], "."),
            (["check", ""], "'': error: No such file or directory"),
            (["train", "small.sedge", "--load", ""], "'': error: cannot be opened: No such file or directory"),
            (["train", "small.sedge", "--load", "/dev/zero"], "/dev/zero: error: is no safetensors file"),
            (["train", "small.sedge", "--load", "absent"], "absent: error: cannot be opened"),
            (["train", "small.sedge", "--load", "text"], "text: error: "),
            (["train", "small.sedge", "--resume", "w"], "w: error: is no checkpoint"),
            (["test", "small.sedge", "--load", "."], "cannot be read: Is a directory"),
            (["train", "data.sedge"], "absent: error: "),
            (["train", "data.sedge", "--data", "elsewhere"], "elsewhere: error: "),
        ]:
            with self.subTest(words=words):
                self.assertIn(message, self.run_sedge(*words, code=SYSTEM).stderr)

    def test_parameters_of_another_network_do_not_suit(self):
        self.run_sedge("train", "small.sedge", "-q", "--epochs", "0", "--save", "w")
        for old, new, message in [("hidden[32]", "hidden[16]", "w: error: array 'junction1.bias' has 32"),
                                  ("tanh", "relu", "w: error: belongs to another network: its activations"),
                                  ("fanout = 8", "fanout = 8, seed = 2", "another pattern or seed")]:
            self.write("other.sedge", PROGRAM.replace(old, new) % 1)
            done = self.run_sedge("train", "other.sedge", "--engine", "sim", "--load", "w", code=WRONG)
            self.assertIn(message, done.stderr)
            self.assertIn("E0904", done.stderr)

    def test_what_cannot_be_written_is_a_system_failure(self):
        self.write("folder", "")
        (self.folder / "nowhere").symlink_to("absent/x")
        (self.folder / "ring").symlink_to("ring")
        before = self.names()
        for words in [["--save", "absent/w"], ["--save", "/dev/full"], ["--save", "folder/w"], ["--save", "."],
                      ["--save", "nowhere"], ["--report", "ring"], ["--checkpoint", "absent/c"], ["--checkpoint", "/dev/full"]]:
            with self.subTest(words=words):
                done = self.run_sedge("train", "small.sedge", "--inputs", "10", *words, code=SYSTEM)
                self.assertIn("error: ", done.stderr)
                self.assertEqual(self.names(), before)

    def test_what_is_read_is_not_written_over(self):
        self.write("part.sedge", "let width = 32;")
        self.write("data.csv", "0.5,0\n" * 20)
        self.write("whole.sedge", 'import "part.sedge";' + PROGRAM.replace("hidden[32]", "hidden[width]") % 1)
        self.write("rows.sedge", "network n { input a[1]; output b[1] : sigmoid; junction a -> b : edges(\"edges.npz\"); }"
                   'train { data = csv("data.csv"); }')
        self.write("edges.npz", "")
        self.run_sedge("train", "small.sedge", "-q", "--epochs", "0", "--save", "w")
        self.run_sedge("train", "small.sedge", "-q", "--inputs", "9", "--checkpoint", "c")
        os.link(self.folder / "w", self.folder / "w2")
        before = {name: (self.folder / name).read_bytes() for name in self.names()}
        for words, message in [
            (["train", "small.sedge", "--save", "./small.sedge"], "--save would write over 'small.sedge', which the program reads"),
            (["train", "whole.sedge", "--log", "part.sedge"], "--log would write over 'part.sedge'"),
            (["train", "rows.sedge", "--report", "edges.npz"], "--report would write over './edges.npz'"),
            (["train", "rows.sedge", "--checkpoint", "data.csv"], "--checkpoint would write over './data.csv'"),
            (["build", "small.sedge", "-o", "small.sedge"], "-o would write over 'small.sedge'"),
            (["schedule", "small.sedge", "-o", "small.sedge"], "-o would write over 'small.sedge'"),
            (["sweep", "small.sedge", "--over", "seed=1,2", "--state", "small.sedge"], "--state would write over 'small.sedge'"),
            (["sweep", "small.sedge", "--over", "seed=1,2", "-o", "small.sweep.jsonl"], "the rows are kept in the file that -o names"),
            (["sweep", "small.sedge", "--over", "seed=1,2", "--plot", "seed,density", "--figure", "f", "--state", "f"],
             "the rows are kept where --plot would draw"),
            (["sweep", "small.sedge", "--over", "seed=1,2", "--plot", "seed,density", "--figure", "f", "-o", "f"],
             "--plot draws in the file that -o names"),
            (["export", "small.sedge", "--load", "w", "-o", "w"], "--load and -o name the same file"),
            (["train", "small.sedge", "--save", "new", "--log", "./new"], "--save and --log name the same file"),
            (["train", "small.sedge", "--checkpoint", "new", "--report", f"../{self.folder.name}/new"],
             "--checkpoint and --report name the same file"),
            (["train", "small.sedge", "--load", "w", "--log", "w2"], "--load and --log name the same file"),
            (["train", "small.sedge", "--resume", "c", "--save", "c"], "--resume and --save name the same file"),
        ]:
            with self.subTest(words=words):
                self.assertIn(message, self.run_sedge(*words, code=USAGE).stderr)
        self.assertEqual({name: (self.folder / name).read_bytes() for name in self.names()}, before)
        self.run_sedge("train", "small.sedge", "-q", "--load", "w", "--save", "w")
        self.run_sedge("train", "small.sedge", "-q", "--resume", "c", "--checkpoint", "c", "--save", "/dev/null", "--log", "/dev/null")

    def test_output_that_is_lost_is_noticed(self):
        for words in [["--help"], ["check", "small.sedge"], ["fit", "small.sedge"], ["schedule", "small.sedge"],
                      ["train", "small.sedge", "--json"], ["explain", "E0212"]]:
            with self.subTest(words=words), open("/dev/full", "w", encoding="ascii") as full:
                done = self.run_sedge(*words, code=SYSTEM, stdout=full)
                self.assertIn("standard output could not be written", done.stderr)
        read_end, write_end = os.pipe()
        os.close(read_end)
        self.run_sedge("fit", "small.sedge", code=SYSTEM, stdout=write_end)
        os.close(write_end)

    # ---- runs that are stopped ----

    def interrupt(self, number, *words):
        """Starts a long run, sends the signal in its third epoch, and returns its exit code and what it said."""
        process = self.start("train", "long.sedge", "--json", *words)
        process.stdout.readline()
        process.stdout.readline()
        process.send_signal(number)
        _, errors = process.communicate(timeout=300)
        return process.returncode, errors

    def test_a_signal_leaves_a_checkpoint(self):
        expected = self.events("train", "long.sedge", "--inputs", "20001")[-1]
        for number, words, checkpoint in [(signal.SIGINT, [], "small.checkpoint"),
                                          (signal.SIGTERM, ["--checkpoint", "c", "--every", "1000"], "c")]:
            code, errors = self.interrupt(number, *words)
            self.assertEqual(code, INTERRUPTED, errors)
            self.assertIn(f"sedge train long.sedge --resume {checkpoint}", errors)
            done = self.events("train", "long.sedge", "--resume", checkpoint, "--inputs", "20001")[-1]
            self.assertEqual(done, expected)

    def test_a_killed_run_goes_on_from_its_last_checkpoint(self):
        code, _ = self.interrupt(signal.SIGKILL, "--checkpoint", "c")
        self.assertEqual(code, -signal.SIGKILL)
        # Killed while it was writing one, it leaves the one before, and perhaps a part of the next beside it.
        expected = self.events("train", "long.sedge", "--inputs", "30000")[-1]
        self.assertEqual(self.events("train", "long.sedge", "--resume", "c", "--inputs", "30000")[-1], expected)

    def test_a_checkpoint_belongs_to_its_run(self):
        self.run_sedge("train", "small.sedge", "-q", "--inputs", "1000", "--checkpoint", "c")
        self.write("other.sedge", PROGRAM.replace("train = 2000", "train = 2001") % 3)
        for words, message in [(["other.sedge"], "its data is 2000 examples"),
                               (["small.sedge", "--seed", "9"], "another model")]:
            done = self.run_sedge("train", *words, "--resume", "c", code=WRONG)
            self.assertIn(message, done.stderr)
            self.assertIn("E0904", done.stderr)
        damaged = bytearray((self.folder / "c").read_bytes())
        damaged[-9] ^= 1
        (self.folder / "c").write_bytes(damaged)
        self.assertIn("is damaged", self.run_sedge("train", "small.sedge", "--resume", "c", code=SYSTEM).stderr)

    def test_a_terminal_gets_a_bar_within_80_columns(self):
        ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm"}
        process = subprocess.Popen([str(BINARY), "train", "long.sedge", "--epochs", "20"], cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=theirs, env=environment)
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        os.close(ours)
        self.assertEqual(process.wait(), DONE)
        text = shown.decode().replace("\x1b[K", "")
        parts = re.split(r"[\r\n]+", text)
        self.assertTrue(any("[=" in part or "[>" in part for part in parts), text[:500])
        self.assertLessEqual(max(map(len, parts)), 80)
        self.assertEqual(sum(part.startswith("epoch") and "test" in part for part in parts), 20)


if __name__ == "__main__":
    unittest.main()
