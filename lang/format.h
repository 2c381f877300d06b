// SPDX-License-Identifier: MIT
// One layout for .sedge text: what `sedge fmt` and the language server make of a file.
//
// Words and comments stay, in their order; spaces and line ends change, nothing else:
//   - a statement a line, two spaces deep in blocks; blank lines stay, one at most, but none beside
//     a block's braces
//   - within a run (statements of one kind without a blank line between them) what comes at the
//     same place is aligned: `=` of settings, let and param; names, `pad` and `:` of layers; `->`
//     and `:` of junctions
//   - a comment behind a statement begins in column 40, or three spaces behind a longer one
//   - statements of over 100 characters are broken where they hold together least, and go on two
//     spaces deeper
#ifndef SEDGE_LANG_FORMAT_H
#define SEDGE_LANG_FORMAT_H

#include "lang/diagnostic.h"
#include "lang/layout.h"

/* The source's text laid out, in the arena; its text is NULL where it has syntax errors, which are
 * reported to d.  Laying out the result again changes nothing, and it reads as the same tree: both
 * are made sure of here, and a breach is an ERROR_DEFECT. */
LaidOut format_source(const SourceFile *source, Sources *sources, Diagnostics *d, Arena *arena);

#endif
