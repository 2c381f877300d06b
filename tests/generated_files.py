#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what `sedge generate` makes, and that the editors' files and the language reference in lang are what it makes today.

Shells, groff and vim are asked themselves where they are installed; what is missing is said.

    SEDGE_BINARY=build/sedge tests/generated_files.py [-v] [TEST...]
    SEDGE_BINARY=build/sedge tests/generated_files.py --accept    makes those files anew
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()
EDITORS = ROOT / "lang" / "editors"
REFERENCE = ROOT / "lang" / "REFERENCE.md"
KEPT = [("vim", EDITORS / "vim/syntax/sedge.vim"), ("textmate", EDITORS / "vscode/syntaxes/sedge.tmLanguage.json"),
        ("reference", REFERENCE)]
TABLE = re.compile(r"<!-- table: ([^\n]*?) -->\n(.*?)<!-- end -->", re.DOTALL)


def run(*words, **options):
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False, **options)


def generated(what):
    done = run(str(BINARY), "generate", what)
    assert done.returncode == 0, done.stderr
    return done.stdout


def made_today(what, path):
    """What the file should hold: all of it is generated, but of the reference the tables alone."""
    made = generated(what)
    if path != REFERENCE:
        return made
    tables = dict(TABLE.findall(made))
    return TABLE.sub(lambda place: f"<!-- table: {place[1]} -->\n{tables[place[1]]}<!-- end -->", path.read_text())


def accept():
    for what, path in KEPT:
        path.write_text(made_today(what, path))


def table(path, macro, column=0):
    """The texts in one column of a .def table."""
    rows = re.findall(rf"^{macro}\((.*)", (ROOT / path).read_text(), re.MULTILINE)
    return [re.findall(r'"((?:[^"\\]|\\.)*)"', row)[column] for row in rows]


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed")


class GeneratedFiles(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sedge-generated-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.verbs = table("compiler/commands.def", "COMMAND")

    def save(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    # ---- shells ----

    def bash(self, *words):
        """What bash offers for the last word."""
        script = self.save("sedge.bash", generated("bash"))
        line = " ".join(f"'{word}'" for word in ("sedge", *words))
        code = f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _sedge; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        done = run("bash", "-uc", code, cwd=self.folder)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    @needs("bash")
    def test_bash_completes(self):
        self.save("net.sedge", "")
        self.save("net.txt", "")
        self.assertEqual(set(self.verbs) - set(self.bash("")), set())
        self.assertIn("net.sedge", self.bash(""))
        self.assertEqual(self.bash("tr"), ["train"])
        self.assertEqual(self.bash("fit", "n"), ["net.sedge"])
        self.assertEqual(self.bash("schedule", "--form"), ["--format"])
        self.assertEqual(set(self.bash("schedule", "--format", "")), set(table("compiler/schedule/formats.def", "FORMAT")))
        self.assertEqual(self.bash("train", "--engine", "s"), ["sim"])
        self.assertEqual(self.bash("train", "--save", "net.t"), ["net.txt"])
        self.assertEqual(self.bash("train", "--epochs", ""), [])
        self.assertEqual(self.bash("explain", "E020")[0], "E0201")
        self.assertNotIn("--epochs", self.bash("fit", "--"))

    @needs("zsh")
    def test_zsh_reads_its_completions(self):
        done = run("zsh", "-n", self.save("_sedge", generated("zsh")))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for verb in self.verbs:
            self.assertRegex(generated("zsh"), rf"\n    {verb}\)\n      _arguments")

    @needs("fish")
    def test_fish_completes(self):
        self.save("net.sedge", "")
        script = self.save("sedge.fish", generated("fish"))
        for line, offered in (("tr", "train"), ("train --eng", "--engine"), ("train --engine s", "sim"),
                              ("explain E02", "E0201"), ("fit n", "net.sedge"), ("generate v", "vim")):
            done = run("fish", "--no-config", "-c", f"source {script}; complete -C 'sedge {line}'", cwd=self.folder,
                       env={**os.environ, "HOME": str(self.folder)})
            self.assertIn(offered, [row.split("\t")[0] for row in done.stdout.splitlines()], line)

    # ---- man pages ----

    def test_man_pages_have_every_word(self):
        command, language = generated("man1").replace("\\-", "-"), generated("man5").replace("\\-", "-")
        for verb in self.verbs:
            self.assertIn(f'.SS "sedge {verb}', command)
        for option in table("compiler/options.def", "OPTION"):
            self.assertIn(option, command)
        for path, macro in [("lang/settings.def", "SETTING"), ("lang/arguments.def", "ARGUMENT"), ("lang/forms.def", "FORM"),
                            ("lang/patterns.def", "PATTERN"), ("lang/activations.def", "ACTIVATION"),
                            ("lang/functions.def", "FUNCTION"), ("lang/keywords.def", "KEYWORD"), ("lang/parts.def", "PART")]:
            words = table(path, macro)
            self.assertTrue(words)
            for word in words:
                self.assertIn(f".B {word}\n", language)

    @needs("groff")
    def test_groff_sets_the_man_pages(self):
        for page in ("man1", "man5"):
            done = run("groff", "-man", "-ww", "-Tutf8", input=generated(page))
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("SEDGE(", done.stdout)

    # ---- editors ----

    def test_kept_files_are_those_of_today(self):
        for what, path in KEPT:
            self.assertEqual(path.read_text(), made_today(what, path), "make it anew: tests/generated_files.py --accept")

    def test_reference_has_every_table_once(self):
        places = [name for name, _ in TABLE.findall(REFERENCE.read_text())]
        self.assertEqual(sorted(places), sorted(name for name, _ in TABLE.findall(generated("reference"))))
        self.assertGreater(len(places), 15)

    def test_textmate_grammar_tells_words_apart(self):
        grammar = json.loads(generated("textmate"))
        rules = {rule["name"].removesuffix(".sedge"): re.compile(rule["match"].replace("(?<=[=:(,]|[=:,] )", "").replace(
            "(?<=:|: )", "").replace("(?:(?<=[{;\\]])|^)", "")) for rule in grammar["patterns"] if "match" in rule}
        for name, text, found in [
            ("storage.type", "network n {", "network"), ("storage.type", "  train = 3", None),
            ("keyword.control", "  junction a -> b", "  junction"), ("variable.parameter", "clock = 15 MHz;", "clock"),
            ("keyword.other.unit", "15 MHz", " MHz"), ("support.class", "clashfree(fanout = 3)", "clashfree"),
            ("support.function", "min(1, 2)", "min"), ("support.function", "min = 3", None),
            ("support.function.activation", "relu;", "relu"), ("constant.language", "z = auto;", "auto"),
            ("constant.numeric", "x = 1_0.5e-3;", "1_0.5e-3"), ("keyword.operator", "a -> b", "->"),
            ("comment.line.double-slash", "a; // b", "// b"),
        ]:
            with self.subTest(name=name, text=text):
                match = rules[name].search(text)
                self.assertEqual(match and match[0], found)

    def test_vscode_extension_is_whole(self):
        folder = EDITORS / "vscode"
        package = json.loads((folder / "package.json").read_text())
        lock = json.loads((folder / "package-lock.json").read_text())
        version = re.search(r"project\(sedge VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
        self.assertEqual((package["version"], lock["version"]), (version, version))
        self.assertEqual(lock["packages"][""]["dependencies"], package["dependencies"])
        contributed = package["contributes"]
        for path in (package["main"], contributed["languages"][0]["configuration"], contributed["grammars"][0]["path"]):
            self.assertTrue((folder / path).is_file(), path)
        json.loads((folder / "language-configuration.json").read_text())
        self.assertEqual(run("bash", "-n", str(folder / "package.sh")).stderr, "")
        if shutil.which("node"):
            self.assertEqual(run("node", "--check", str(folder / "extension.js")).stderr, "")

    @unittest.skipUnless(os.environ.get("SEDGE_NETWORK"), "needs npm's registry: set SEDGE_NETWORK=1")
    def test_vscode_extension_is_packed(self):
        done = run("bash", str(EDITORS / "vscode" / "package.sh"), str(self.folder))
        self.assertEqual(done.returncode, 0, done.stderr)
        (packed,) = self.folder.glob("sedge-*.vsix")
        names = zipfile.ZipFile(packed).namelist()
        for name in ("extension.vsixmanifest", "[Content_Types].xml", "extension/package.json", "extension/extension.js",
                     "extension/syntaxes/sedge.tmLanguage.json", "extension/node_modules/vscode-languageclient/node.js"):
            self.assertIn(name, names)

    @needs("vim")
    def test_vim_tells_words_apart(self):
        self.save("net.sedge", (ROOT / "examples" / "icann17.sedge").read_text())
        asked = [("clashfree(", "sedgeForm"), ("network icann17", "sedgeItem"), ("MHz", "sedgeUnit"), ("optimizer", "sedgeField"),
                 ("sigmoid;", "sedgeActivation"), ("// Handwritten", "sedgeComment"), ('"mnist"', "sedgeString"),
                 ("junction p", "sedgeStatement"), ("784", "sedgeNumber"), ("factor =", "sedgeField")]
        lines = ["set nocompatible", f"set runtimepath^={EDITORS / 'vim'}", "filetype plugin on", "syntax on", "edit net.sedge",
                 "let found = [&filetype, &commentstring]"]
        for text, _ in asked:
            lines += [f"call cursor(1, 1)|call search('\\V{text}', 'c')",
                      "call add(found, synIDattr(synID(line('.'), col('.'), 1), 'name'))"]
        lines += ["call writefile(found, 'found')", "qall!"]
        run("vim", "-u", "NONE", "-i", "NONE", "-N", "-n", "-es", "-S", self.save("ask.vim", "\n".join(lines) + "\n"),
            cwd=self.folder, stdin=subprocess.DEVNULL, env={**os.environ, "HOME": str(self.folder), "TERM": "xterm"})
        found = (self.folder / "found").read_text().split("\n")
        if found[0] == "" and "tiny" in run("vim", "--version").stdout.lower():
            self.skipTest("this vim is too small for syntax files")
        self.assertEqual(found[:2], ["sedge", "// %s"])
        self.assertEqual(list(zip((text for text, _ in asked), found[2:])), asked)


if __name__ == "__main__":
    if sys.argv[1:] == ["--accept"]:
        sys.exit(accept())
    unittest.main(verbosity=1)
