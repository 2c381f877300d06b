#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the mutations that are found in a few lines of C: all that can be made there, and none in what is no code.

    tests/mutants/test_mutate.py [-v] [TEST...]
"""

import unittest
from pathlib import Path

from mutate import in_order_drawn, mutations_of, tokens_of

ROOT = Path(__file__).resolve().parent.parent.parent


def changes(text):
    return [(m.line, m.before, m.after) for m in mutations_of("x.c", text)]


class Mutate(unittest.TestCase):
    def check(self, code, *expected):
        self.assertEqual([(before, after) for _, before, after in changes(code)], list(expected), code)

    def test_operators_of_two_operands(self):
        self.check("bool f(int a) { return a < b && !c; }", ("a < b && !c", "0"), ("<", "<="), ("<", ">="), ("&&", "||"), ("!", ""))
        self.check("int x = a * *b - -c;", ("*", "/"), ("-", "+"))
        self.check("T *f(const T *a, T **b);")
        self.check("T *p = &x->y;")

    def test_numbers_are_moved_by_one(self):
        self.check("int x = 0;", ("0", "1"))
        self.check("uint64_t x = 64ull;", ("64ull", "65ull"), ("64ull", "63ull"))
        self.check("int x = 0xff;", ("0xff", "0x100"), ("0xff", "0xfe"))
        self.check("double x = 1.5e-3 + 0x1p-3F;", ("+", "-"))
        self.check("int x = a[1];", ("1", "2"), ("1", "0"))
        self.check("void f(void) { char a[80], *b[80]; }")

    def test_statements_are_left_out(self):
        self.check("void f(void) { int a = b; g(); }", ("g()", ""))
        self.check("void f(void) { if (a) b.c = d; else *e += h; }", ("b.c = d", ""), ("*e += h", ""), ("+=", "-="))
        self.check("void f(void) { T *a; T b; goto end; end: g(); }")
        self.check("T a[] = {{b}, {c}};")

    def test_words(self):
        self.check("bool f(void) { for (;;) break; return true; }", ("break", "continue"), ("true", "false"))
        self.check("T *f(void) { return NULL; }")
        self.check("T *f(void) { return g; }", ("g", "0"))

    def test_what_is_no_code_stays(self):
        self.check("// a < b\n/* a < b\n 1 */ char *x = \"1 < 2\", y = '0';\n#define X \\\n  1\n#if 1 < 2\n#endif")
        self.check('static_assert(1 < 2, "a");\nvoid f(void) { assert(a < (1 + 2)); }')

    def test_lines_stay(self):
        code = "void f(void) {\n  g(a,\n    b);\n  h();\n}\n"
        self.assertEqual(changes(code), [(2, "g(a,\n    b)", "\n"), (4, "h()", "")])
        for mutation in mutations_of("x.c", code):
            self.assertEqual(mutation.apply(code).count("\n"), code.count("\n"))

    def test_functions_are_known(self):
        code = "int a[] = {1};\nstatic T *f(int b) {\n  if (b < 2) { g(); }\n}\nint h(void) { return g(3); }\n"
        self.assertEqual([m.function for m in mutations_of("x.c", code)], ["", ""] + ["f"] * 5 + ["h"] * 3)

    def test_names_outlive_changes_elsewhere(self):
        code = "int x = a < b;\nint y = a < b;\n"
        before = [m.name for m in mutations_of("x.c", code)]
        self.assertEqual(len(set(before)), 4)
        self.assertEqual([m.name for m in mutations_of("x.c", "int z = c;\n\n" + code)], before)
        drawn = in_order_drawn(mutations_of("x.c", code + "int w = 7;"), 3)
        self.assertEqual([m.name for m in drawn if m.before == "<"],
                         [m.name for m in in_order_drawn(mutations_of("x.c", code), 3)])

    def test_the_project_itself(self):
        """Tokens put together again are the file, and every mutation changes it at its line alone."""
        path = ROOT / "lang" / "rational.c"
        text = path.read_text()
        self.assertTrue(all(text[token.start:token.end] == token.text for token in tokens_of(text)))
        found = list(mutations_of("lang/rational.c", text))
        self.assertGreater(len(found), 100)
        self.assertEqual(len({m.name for m in found}), len(found))
        for mutation in found:
            self.assertNotEqual(mutation.apply(text), text)
            self.assertEqual(mutation.apply(text).split("\n")[:mutation.line - 1], text.split("\n")[:mutation.line - 1])


if __name__ == "__main__":
    unittest.main()
