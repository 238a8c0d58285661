/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/strv.h"

/* Words beyond this column are not part of a line's heading. */
#define HEADING_MAX 32

static unsigned find_columns(void) {
    const char *given = getenv("COLUMNS");
    struct winsize size = {};
    int n = given ? atoi(given) : 0;

    if (!isatty(STDOUT_FILENO))
        return 0;
    if (n > 0)
        return (unsigned) n;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) >= 0 && size.ws_col > 0 ? size.ws_col : 80;
}

unsigned terminal_columns(void) {
    static bool known;
    static unsigned columns;

    if (!known) {
        columns = find_columns();
        known = true;
    }
    return columns;
}

bool colors_wanted(void) {
    const char *no_color = getenv("NO_COLOR");

    return terminal_columns() > 0 && (!no_color || !*no_color);
}

/* The bytes of the character at s, and its width in columns, which is 0 for an escape sequence. */
static size_t next_character(const char *s, size_t *ret_width) {
    wchar_t wide;
    size_t n;
    int width;

    if (s[0] == '\x1b' && s[1] == '[') {
        n = 2 + strspn(s + 2, "0123456789;");
        *ret_width = 0;
        return s[n] ? n + 1 : n;
    }
    n = mbrtowc(&wide, s, strlen(s), &(mbstate_t){});
    if (n == 0 || n > strlen(s)) {
        *ret_width = 1;
        return 1;
    }
    width = wcwidth(wide);
    *ret_width = width < 0 ? 1 : (size_t) width;
    return n;
}

static size_t width_of(const char *s, size_t n) {
    size_t total = 0, width;

    for (size_t i = 0; i < n; total += width)
        i += next_character(s + i, &width);
    return total;
}

size_t text_width(const char *s) {
    return width_of(s, strlen(s));
}

static void print_indent(FILE *f, size_t n) {
    for (size_t i = 0; i < n; i++)
        (void) fputc(' ', f);
}

void text_print_wrapped(FILE *f, const char *line, unsigned columns, size_t hang) {
    size_t used = strspn(line, " ");
    bool empty = false; /* the current line of the terminal has only the indentation so far */

    if (columns == 0 || text_width(line) <= columns) {
        (void) fprintf(f, "%s\n", line);
        return;
    }
    print_indent(f, used);
    for (const char *p = line + used; *p;) {
        size_t blanks = strspn(p, " "), n = strcspn(p + blanks, " "), width = width_of(p + blanks, n);

        if (n == 0)
            break;
        if (!empty && used > hang && used + blanks + width > columns) {
            (void) fputc('\n', f);
            print_indent(f, hang);
            used = hang;
            empty = true;
        }
        if (!empty) {
            print_indent(f, blanks);
            used += blanks;
        }
        (void) fprintf(f, "%.*s", (int) n, p + blanks);
        used += width;
        empty = false;
        p += blanks + n;
    }
    (void) fputc('\n', f);
}

/* The indentation of continuation lines, so that they start below the text. */
static size_t find_hang(const char *line, unsigned columns) {
    size_t indent = strspn(line, " "), hang = indent, column = indent;

    for (const char *p = line + indent; *p && column < HEADING_MAX && column < columns / 2;) {
        size_t blanks = strspn(p, " "), width, n;

        column += blanks;
        if (blanks >= 2)
            hang = column;
        p += blanks;
        n = *p ? next_character(p, &width) : 0;
        if (n == 0)
            break;
        p += n;
        column += width;
    }
    return hang;
}

void text_print_fitting(FILE *f, const char *text, unsigned columns) {
    while (*text) {
        size_t n = strcspn(text, "\n");
        _cleanup_free_ char *line = strndup(text, n);

        if (line)
            text_print_wrapped(f, line, columns, find_hang(line, columns));
        text += n + (text[n] == '\n');
    }
}
