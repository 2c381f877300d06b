// SPDX-License-Identifier: MIT
// From words to text: cut into lines, spaced, aligned in runs, and printed over as many rows as
// needed.
#include "lang/layout.h"

#include <string.h>

#include "lang/vector.h"

enum { WIDTH = 100, INDENT = 2, COMMENT_COLUMN = 39, COMMENT_GAP = 3, NO_BREAK = 1000 };

typedef enum LineKind {
  LINE_COMMENTS,   /* nothing but comments */
  LINE_DEFINITION, /* let, param */
  LINE_OTHER_ITEM, /* import, activation, pattern */
  LINE_OPEN,       /* network, hardware or train, up to its '{' */
  LINE_CLOSE,      /* '}' */
  LINE_LAYERS,
  LINE_JUNCTION,
  LINE_SETTING,
} LineKind;

/* Places that lines of a run share, in the order in which they come. */
typedef enum Column { COLUMN_NONE, COLUMN_NAME, COLUMN_PAD, COLUMN_MARK, COLUMN_COUNT } Column;

/* A word and how it is set. */
typedef struct Piece {
  const Word *word;
  uint32_t spaces;     /* before it, where it does not begin a row */
  uint32_t break_rank; /* a row may end before it: the lower, the rather; NO_BREAK: it may not */
  Column column;
  bool begins_row; /* forced by comments */
} Piece;

/* Pieces first .. end - 1; `body` is the first that is no comment before the statement. */
typedef struct Line {
  LineKind kind;
  uint32_t first, body, end;
  uint32_t depth; /* of blocks */
  bool has_blank_before;
} Line;

typedef struct Layout {
  Arena *arena;
  Words words;
  Piece *pieces; /* [words.count] */
  VECTOR(Line) lines;
  VECTOR(char) text;
} Layout;

/* ---- words ---- */

static bool is_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\v' || byte == '\f';
}

uint32_t laid_out_length(const Word *word) {
  uint32_t length = word_length(word);
  if (word->kind != WORD_LINE_COMMENT) return length;
  while (length > 0 && is_blank(word->text[length - 1])) length--;
  return length;
}

static bool is_continuation(char byte) {
  return ((unsigned char)byte & 0xC0U) == 0x80U;
}

/* Characters of a word's last row; *has_rows says whether it has others. */
static uint32_t last_row_width(const Word *word, bool *has_rows) {
  const uint32_t length = laid_out_length(word);
  uint32_t width = 0;
  *has_rows = false;
  for (uint32_t i = 0; i < length; i++) {
    if (word->text[i] == '\n') {
      width = 0;
      *has_rows = true;
    } else {
      width += !is_continuation(word->text[i]);
    }
  }
  return width;
}

static uint32_t width_of(const Word *word) {
  bool has_rows;
  return last_row_width(word, &has_rows);
}

/* Whether nothing but a line end follows the comment. */
static bool ends_row(const Layout *layout, uint32_t comment) {
  if (layout->words.items[comment].kind == WORD_LINE_COMMENT) return true;
  return comment + 1 == layout->words.count || layout->words.items[comment + 1].lines_before > 0;
}

/* ---- cutting into lines ---- */

/* The end of the comments from `at` that fill a row to its end; `at` where there is something else
 * in that row. */
static uint32_t comment_row_end(const Layout *layout, uint32_t at) {
  for (uint32_t i = at; i < layout->words.count; i++) {
    if (!word_is_comment(&layout->words.items[i])) return at;
    if (i > at && layout->words.items[i].lines_before > 0) return at;
    if (ends_row(layout, i)) return i + 1;
  }
  return at;
}

static LineKind kind_of_body(const Word *word, bool is_in_block) {
  static const struct {
    const char *word;
    bool is_in_block;
    LineKind kind;
  } kinds[] = {
      {"let", false, LINE_DEFINITION},
      {"param", false, LINE_DEFINITION},
      {"network", false, LINE_OPEN},
      {"hardware", false, LINE_OPEN},
      {"train", false, LINE_OPEN},
      {"import", false, LINE_OTHER_ITEM},
      {"activation", false, LINE_OTHER_ITEM},
      {"pattern", false, LINE_OTHER_ITEM},
      {"input", true, LINE_LAYERS},
      {"layer", true, LINE_LAYERS},
      {"output", true, LINE_LAYERS},
      {"junction", true, LINE_JUNCTION},
      {"}", true, LINE_CLOSE},
  };
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (kinds[i].is_in_block == is_in_block && word_is(word, kinds[i].word)) return kinds[i].kind;
  }
  return LINE_SETTING;
}

/* The end of the statement whose body begins at `at`: behind its ';' or brace, and behind the '}'
 * of an empty block. */
static uint32_t statement_end(const Layout *layout, uint32_t at) {
  const Word *words = layout->words.items;
  const uint32_t count = layout->words.count;
  uint32_t end = at;
  while (end < count && !word_is(&words[end], ";") && !word_is(&words[end], "{") &&
         !word_is(&words[end], "}")) {
    end++;
  }
  if (end == count) return end;
  if (word_is(&words[end], "{") && end + 1 < count && word_is(&words[end + 1], "}")) end++;
  return end + 1;
}

/* Cuts one line off from word `at`; returns where the next begins. */
static uint32_t cut_line(Layout *layout, uint32_t at, uint32_t *depth) {
  const Word *words = layout->words.items;
  const Line *before = layout->lines.count ? &layout->lines.items[layout->lines.count - 1] : NULL;
  const bool is_first = before == NULL || (before->kind == LINE_OPEN && *depth > 0);
  Line line = {.kind = LINE_COMMENTS, .first = at, .depth = *depth};
  line.body = line.end = comment_row_end(layout, at);
  if (line.end == at) {
    while (line.body < layout->words.count && word_is_comment(&words[line.body])) line.body++;
    line.end = statement_end(layout, line.body);
    if (line.body < layout->words.count) line.kind = kind_of_body(&words[line.body], *depth > 0);
    const Word *last = &words[line.end - 1];
    if (line.kind == LINE_OPEN && word_is(last, "{")) *depth = 1;
    if (line.kind == LINE_CLOSE) line.depth = *depth = 0;
    const bool has_row_mate = line.end < layout->words.count && words[line.end].lines_before == 0;
    if (has_row_mate) line.end = comment_row_end(layout, line.end);
  }
  line.has_blank_before = words[at].lines_before > 1 && !is_first && line.kind != LINE_CLOSE;
  *VECTOR_ADD(layout->arena, &layout->lines) = line;
  return line.end;
}

/* ---- spaces and places to break ---- */

/* What of the words before must be known to space the next one. */
typedef struct Spacing {
  const Word *before; /* last word that is no comment, or NULL */
  const Word *before_that;
  const Word *operator_before; /* last binary operator, where only one operand came since */
  bool before_is_sign;         /* `before` is a unary operator */
  uint32_t depth;              /* of brackets */
} Spacing;

static bool ends_operand(const Word *word) {
  if (word == NULL) return false;
  if (word->kind == WORD_SYMBOL) return word_is(word, ")") || word_is(word, "]");
  return true;
}

static bool is_one_of(const Word *word, const char *const *list) {
  for (; word != NULL && *list != NULL; list++) {
    if (word_is(word, *list)) return true;
  }
  return false;
}

/* The precedence of a binary operator or of `?:`, 0 for other words. */
static uint32_t operator_precedence(const Word *word) {
  static const char *const operators[][5] = {
      {"?", ":"}, {"||"}, {"&&"}, {"==", "!="}, {"<", "<=", ">", ">="}, {"+", "-"}, {"*", "/", "%"},
  };
  if (word->kind != WORD_SYMBOL) return 0;
  for (uint32_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
    if (is_one_of(word, operators[i])) return i + 1;
  }
  return 0;
}

/* Whether word `at` is the '/' between two plain numbers that is set as a fraction, `1/8`: where it
 * reads as it is computed. */
static bool is_fraction(const Spacing *spacing, const Layout *layout, uint32_t at, uint32_t end) {
  static const char *const tighter[] = {"/", "%", "^", NULL};
  const Word *word = &layout->words.items[at];
  if (!word_is(word, "/") || at + 2 >= end || spacing->before->kind != WORD_NUMBER) return false;
  if (is_one_of(spacing->operator_before, tighter) || word[1].kind != WORD_NUMBER) return false;
  return word[2].kind == WORD_SYMBOL && !word_is(&word[2], "^");
}

/* Whether nothing stands between `word` and the word before it. */
static bool is_tight(const Spacing *spacing, const Word *word) {
  static const char *const closing[] = {";", ",", ")", "]", "[", "^", NULL};
  static const char *const opening[] = {"(", "[", "^", NULL};
  if (is_one_of(word, closing) || is_one_of(spacing->before, opening)) return true;
  if (spacing->before_is_sign) return true;
  if (word_is(word, "}") && word_is(spacing->before, "{")) return true;
  if (!word_is(word, "(")) return false;
  const bool is_pad = word_is(spacing->before, "pad") && spacing->before_that != NULL &&
                      word_is(spacing->before_that, "]");
  return ends_operand(spacing->before) && !is_pad;
}

/* How willingly a row ends before this word. */
static uint32_t break_rank(const Line *line, const Spacing *spacing, const Word *word) {
  enum { PER_DEPTH = 20, AFTER_COMMA = 0 };
  if (word->kind == WORD_LINE_COMMENT || spacing->before == NULL) return NO_BREAK;
  const bool is_definition = line->kind == LINE_DEFINITION || line->kind == LINE_OTHER_ITEM;
  const uint32_t base = 1 + spacing->depth * PER_DEPTH;
  if (is_definition && spacing->depth == 0 && word_is(spacing->before, "=")) return 0;
  if (word_is(spacing->before, ",")) return base + AFTER_COMMA;
  if (spacing->depth == 0 && word_is(word, "->")) return base;
  const bool is_binary = ends_operand(spacing->before);
  const uint32_t precedence = is_binary ? operator_precedence(word) : 0;
  if (precedence == 0) return NO_BREAK;
  /* The ':' before an activation or a pattern is no operator. */
  const bool is_statement = line->kind == LINE_LAYERS || line->kind == LINE_JUNCTION;
  if (is_statement && spacing->depth == 0 && word_is(word, ":")) return NO_BREAK;
  return base + precedence;
}

static void advance(Spacing *spacing, const Word *word) {
  static const char *const signs[] = {"-", "+", "!", NULL};
  const bool is_operand_before = ends_operand(spacing->before);
  spacing->before_is_sign = is_one_of(word, signs) && !is_operand_before;
  const bool is_binary = operator_precedence(word) > 0 || word_is(word, "^");
  if (spacing->before_is_sign) {
    /* A sign leaves the operator before it where it is. */
  } else if (is_binary) {
    spacing->operator_before = word;
  } else if (word->kind == WORD_SYMBOL) {
    spacing->operator_before = NULL;
  }
  if (word_is(word, "(") || word_is(word, "[")) spacing->depth++;
  if (word_is(word, ")") || word_is(word, "]")) spacing->depth--;
  spacing->before_that = spacing->before;
  spacing->before = word;
}

/* Whether a comment inside a statement has a row for itself. */
static bool has_own_row(const Layout *layout, uint32_t at) {
  return layout->words.items[at].lines_before > 0 && ends_row(layout, at);
}

/* Whether a row must begin with word `at` because of the comments there. */
static bool must_begin_row(const Layout *layout, uint32_t at) {
  const Word *word = &layout->words.items[at], *before = word - 1;
  if (word_is_comment(word) && has_own_row(layout, at)) return true;
  if (!word_is_comment(before)) return false;
  return before->kind == WORD_LINE_COMMENT || has_own_row(layout, at - 1);
}

/* Spaces between a comment and its neighbours in a row. */
static uint32_t comment_spaces(const Word *word, const Word *before) {
  static const char *const opening[] = {"(", "[", NULL};
  static const char *const closing[] = {";", ",", ")", "]", NULL};
  return is_one_of(before, opening) || is_one_of(word, closing) ? 0 : 1;
}

static void space_line(Layout *layout, const Line *line) {
  Spacing spacing = {0};
  const Word *words = layout->words.items;
  bool is_after_slash = false; /* of a fraction */
  for (uint32_t i = line->first; i < line->end; i++) {
    const Word *word = &words[i];
    const bool is_beside_comment =
        i > line->first && (word_is_comment(word) || word_is_comment(word - 1));
    Piece *piece = &layout->pieces[i];
    *piece = (Piece){.word = word, .break_rank = break_rank(line, &spacing, word)};
    if (i > line->first) piece->begins_row = must_begin_row(layout, i);
    if (i > line->first && word_is_comment(word - 1)) piece->break_rank = NO_BREAK;
    if (is_beside_comment) piece->spaces = comment_spaces(word, word - 1);
    if (word_is_comment(word)) continue;
    const bool is_slash = is_fraction(&spacing, layout, i, line->end);
    if (!is_beside_comment && spacing.before)
      piece->spaces = is_slash || is_after_slash || is_tight(&spacing, word) ? 0 : 1;
    if (is_slash || is_after_slash) piece->break_rank = NO_BREAK;
    is_after_slash = is_slash;
    advance(&spacing, word);
  }
}

/* ---- columns ---- */

/* Whether a statement has a comma outside brackets: several layers, of which only the first name is
 * aligned. */
static bool has_several_parts(const Layout *layout, const Line *line) {
  uint32_t depth = 0;
  for (uint32_t i = line->body; i < line->end; i++) {
    const Word *word = &layout->words.items[i];
    if (depth == 0 && word_is(word, ",")) return true;
    depth += word_is(word, "[") || word_is(word, "(");
    depth -= word_is(word, "]") || word_is(word, ")");
  }
  return false;
}

/* The column that begins with word `i` of a line, which is not its first and stands outside
 * brackets. */
static Column column_of(const Line *line, uint32_t i, bool has_list, bool has_arrow,
                        const Word *word) {
  const bool is_second = i == line->body + 1;
  switch (line->kind) {
  case LINE_LAYERS:
    if (is_second) return COLUMN_NAME;
    if (has_list) return COLUMN_NONE;
    if (word_is(word, "pad") && word_is(word - 1, "]")) return COLUMN_PAD;
    return word_is(word, ":") ? COLUMN_MARK : COLUMN_NONE;
  case LINE_JUNCTION:
    if (word_is(word, "->") && !has_arrow) return COLUMN_NAME;
    return word_is(word, ":") ? COLUMN_MARK : COLUMN_NONE;
  case LINE_DEFINITION:
    if (is_second) return COLUMN_NAME;
    return word_is(word, "=") ? COLUMN_MARK : COLUMN_NONE;
  case LINE_SETTING: return word_is(word, "=") ? COLUMN_MARK : COLUMN_NONE;
  case LINE_COMMENTS:
  case LINE_OTHER_ITEM:
  case LINE_OPEN:
  case LINE_CLOSE: break;
  }
  return COLUMN_NONE;
}

/* Marks where the columns of a line begin.  What stands behind a forced row end has none, nor has a
 * line behind a comment. */
static void mark_columns(Layout *layout, const Line *line) {
  if (line->body > line->first) return;
  const bool has_list = has_several_parts(layout, line);
  bool has_arrow = false;
  uint32_t depth = 0;
  for (uint32_t i = line->body; i < line->end && !layout->pieces[i].begins_row; i++) {
    Piece *piece = &layout->pieces[i];
    const Word *word = piece->word;
    if (i > line->body && depth == 0) piece->column = column_of(line, i, has_list, has_arrow, word);
    if (piece->column == COLUMN_MARK) return;
    has_arrow |= word_is(word, "->");
    depth += word_is(word, "[") || word_is(word, "(");
    depth -= word_is(word, "]") || word_is(word, ")");
  }
}

/* Where the piece of a column would begin, on the line as it is set so far; false where the line
 * has no such column. */
static bool column_place(const Layout *layout, const Line *line, Column column, uint32_t *place,
                         uint32_t *piece) {
  uint32_t width = line->depth * INDENT;
  for (uint32_t i = line->first; i < line->end; i++) {
    if (i > line->first && layout->pieces[i].begins_row) width = 0;
    if (i > line->first) width += layout->pieces[i].spaces;
    if (layout->pieces[i].column == column) {
      *place = width;
      *piece = i;
      return true;
    }
    bool has_rows;
    const uint32_t own = last_row_width(layout->pieces[i].word, &has_rows);
    width = has_rows ? own : width + own;
  }
  return false;
}

/* Aligns one column of a run: to one space behind the longest that comes before it. */
static void align_column(Layout *layout, uint32_t first, uint32_t end, Column column) {
  uint32_t widest = 0, place = 0, piece = 0;
  const Line *lines = layout->lines.items;
  for (uint32_t i = first; i < end; i++) {
    if (column_place(layout, &lines[i], column, &place, &piece) && place > widest) widest = place;
  }
  for (uint32_t i = first; i < end; i++) {
    if (column_place(layout, &lines[i], column, &place, &piece))
      layout->pieces[piece].spaces += widest - place;
  }
}

/* Aligns all runs.  Comments between statements do not end a run, blank lines do. */
static void align_runs(Layout *layout) {
  const Line *lines = layout->lines.items;
  for (uint32_t first = 0, end; first < layout->lines.count; first = end) {
    end = first + 1;
    while (end < layout->lines.count && !lines[end].has_blank_before &&
           (lines[end].kind == lines[first].kind || lines[end].kind == LINE_COMMENTS)) {
      end++;
    }
    if (lines[first].kind == LINE_COMMENTS) {
      end = first + 1;
      continue;
    }
    for (Column column = COLUMN_NAME; column < COLUMN_COUNT; column++)
      align_column(layout, first, end, column);
  }
}

/* ---- printing ---- */

static void put_bytes(Layout *layout, const char *bytes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) *VECTOR_ADD(layout->arena, &layout->text) = bytes[i];
}

static void put_spaces(Layout *layout, uint32_t count) {
  while (count-- > 0) put_bytes(layout, " ", 1);
}

/* Bytes of a word, the carriage returns of its line ends left out; returns the column behind it. */
static uint32_t put_word(Layout *layout, const Word *word, uint32_t column) {
  put_bytes(layout, word->text, laid_out_length(word));
  bool has_rows;
  const uint32_t width = last_row_width(word, &has_rows);
  return has_rows ? width : column + width;
}

/* The end of a row's pieces without the comments behind them. */
static uint32_t without_comments(const Layout *layout, uint32_t first, uint32_t end) {
  uint32_t last = end;
  while (last > first && word_is_comment(layout->pieces[last - 1].word)) last--;
  return last > first ? last : end;
}

/* Whether pieces first .. end - 1, as one row that begins in `column`, end within the width. */
static bool fits_row(const Layout *layout, uint32_t first, uint32_t end, uint32_t column) {
  for (uint32_t i = first; i < end && column <= WIDTH; i++) {
    column += (i > first ? layout->pieces[i].spaces : 0) + width_of(layout->pieces[i].word);
  }
  return column <= WIDTH;
}

/* Where to end a row that is too long: before the piece of lowest rank that fits, the last of
 * equals; else before the first that can begin a row; `end` where none can. */
static uint32_t choose_break(const Layout *layout, uint32_t first, uint32_t end, uint32_t column,
                             uint32_t next_column) {
  uint32_t best = end, earliest = end;
  for (uint32_t i = first + 1; i < end; i++) {
    column +=
        (i > first + 1 ? layout->pieces[i - 1].spaces : 0) + width_of(layout->pieces[i - 1].word);
    const uint32_t rank = layout->pieces[i].break_rank;
    const bool is_definition = rank == 0;
    if (rank == NO_BREAK) continue;
    if (is_definition && !fits_row(layout, i, end, next_column)) continue;
    if (earliest == end) earliest = i;
    if (column > WIDTH) break;
    if (best == end || rank <= layout->pieces[best].break_rank) best = i;
  }
  return best != end ? best : earliest;
}

/* Prints pieces first .. end - 1 as one row; a comment at its end stands apart. */
static void put_row(Layout *layout, uint32_t first, uint32_t end, uint32_t column) {
  const uint32_t body_end = without_comments(layout, first, end);
  put_spaces(layout, column);
  for (uint32_t i = first; i < end; i++) {
    uint32_t spaces = i > first ? layout->pieces[i].spaces : 0;
    if (i == body_end) {
      spaces = column + COMMENT_GAP > COMMENT_COLUMN ? COMMENT_GAP : COMMENT_COLUMN - column;
    }
    put_spaces(layout, spaces);
    column = put_word(layout, layout->pieces[i].word, column + spaces);
  }
  put_bytes(layout, "\n", 1);
}

static void put_line(Layout *layout, const Line *line) {
  if (line->has_blank_before) put_bytes(layout, "\n", 1);
  uint32_t column = line->depth * INDENT;
  const uint32_t next_column = column + INDENT;
  uint32_t forced_end = line->first; /* where comments end the row at the latest */
  for (uint32_t first = line->first, end; first < line->end; first = end) {
    if (forced_end <= first) {
      forced_end = first + 1;
      while (forced_end < line->end && !layout->pieces[forced_end].begins_row) forced_end++;
    }
    end = forced_end;
    const uint32_t body_end = without_comments(layout, first, end);
    if (!fits_row(layout, first, body_end, column)) {
      const uint32_t chosen = choose_break(layout, first, body_end, column, next_column);
      if (chosen < body_end) end = chosen;
    }
    put_row(layout, first, end, column);
    column = next_column;
  }
}

LaidOut lay_out(Words words, Arena *arena) {
  Layout layout = {.arena = arena, .words = words};
  layout.pieces = ARENA_ARRAY(arena, Piece, words.count);
  uint32_t depth = 0;
  for (uint32_t at = 0; at < words.count;) at = cut_line(&layout, at, &depth);
  for (uint32_t i = 0; i < layout.lines.count; i++) {
    space_line(&layout, &layout.lines.items[i]);
    mark_columns(&layout, &layout.lines.items[i]);
  }
  align_runs(&layout);
  for (uint32_t i = 0; i < layout.lines.count; i++) put_line(&layout, &layout.lines.items[i]);
  return (LaidOut){arena_copy(arena, layout.text.items, layout.text.count), layout.text.count};
}
