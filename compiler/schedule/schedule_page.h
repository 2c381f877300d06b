// SPDX-License-Identifier: MIT
// The parts of the HTML page that are the same for every schedule: the texts of page/, inside the
// command.
//
// Made from the files by compiler/embed.cmake when the command is built.  Static, owned by nobody.
#ifndef SEDGE_COMPILER_SCHEDULE_SCHEDULE_PAGE_H
#define SEDGE_COMPILER_SCHEDULE_SCHEDULE_PAGE_H

#include <stddef.h>

/* Each ended by a NUL; its length in bytes does not count that. */
extern const char page_style[];
extern const size_t page_style_bytes;
extern const char page_body[];
extern const size_t page_body_bytes;
extern const char page_script[];
extern const size_t page_script_bytes;

#endif
