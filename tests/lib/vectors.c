/* SPDX-License-Identifier: MIT
 *
 * Reading the tables of vectors.
 */
#include "vectors.h"

#include <stdlib.h>

void vectors_each(const char *path, int columns, void (*check)(bb_str *cells, int line))
{
    bb_str file = tap_source_file(path), rest = file, line;
    int at = 0, rows = 0;
    while (bb_line(&rest, &line)) {
        bb_str cells[P_COLUMNS] = {{0}};
        int n = 0;
        at++;
        if (bb_starts(line, BB_S("#"))) continue;
        while (n < columns && bb_split(&line, '\t', &cells[n])) n++;
        if (!ok(n == columns && !line.n, "line %d: %d columns", at, columns)) continue;
        check(cells, at);
        rows++;
    }
    ok(rows > 50, "the %d vectors of %s were read", rows, path);
    free((void *)(uintptr_t)file.p);
}

bb_str vectors_text(bb_str cell)
{
    return bb_eq(cell, BB_S("-")) ? (bb_str){0} : cell;
}

uint64_t vectors_number(bb_str cell)
{
    uint64_t v = 0;
    if (vectors_text(cell).n && !bb_u64(cell, &v)) ok(false, "a number in the vectors");
    return v;
}

int vectors_purpose(bb_str cell)
{
    static const char *const words[] = {"return-path", "unsubscribe", "probe", "envid"};
    for (int i = 0; i < (int)BB_COUNT(words); i++)
        if (bb_eq(cell, bb_cstr(words[i]))) return i;
    ok(false, "a purpose in the vectors");
    return 0;
}

bool vectors_secret(bb_str cell, uint8_t secret[32])
{
    if (cell.n != 64) return false;
    for (size_t i = 0; i < 32; i++) {
        char pair[3] = {cell.p[2 * i], cell.p[2 * i + 1], '\0'}, *end;
        secret[i] = (uint8_t)strtoul(pair, &end, 16);
        if (end != pair + 2) return false;
    }
    return true;
}
