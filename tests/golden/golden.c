/* SPDX-License-Identifier: MIT
 *
 * Reading messages and tables for the golden tests.
 */
#include "golden.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES_MAX 512

static bb_arena kept, arena; /* for the run, for one message */
static bb_rules *rules;

bb_arena *golden_begin(void)
{
    bb_err err = {0};
    bb_arena_init(&kept, &tap_alloc, BB_ARENA_LIMIT);
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    rules = bb_rules_compile(&tap_alloc, bb_rules_builtin, bb_rules_builtin_count, &err);
    if (!ok(rules != NULL, "the built-in rules compile: %s", err.text)) exit(tap_done());
    return &kept;
}

void golden_forget(void)
{
    bb_arena_reset(&arena);
}

int golden_end(void)
{
    ok(!arena.failed && !kept.failed, "memory sufficed");
    bb_rules_free(&rules);
    bb_arena_free(&arena);
    bb_arena_free(&kept);
    return tap_done();
}

void golden_read(bb_str bytes, const char *without, bb_report *out)
{
    bb_mail *m = bb_get(&arena, sizeof *m);
    bb_report_options opt = bb_report_defaults;
    opt.without = without;
    if (!m) abort();
    bb_mail_read(&arena, bytes, &bb_mail_defaults, m);
    bb_report_read(m, &opt, out);
}

bb_verdict golden_verdict(const bb_report *r, size_t i)
{
    return bb_classify_report(rules, &arena, r, i);
}

size_t golden_row(bb_str *table, bb_str cells[GOLDEN_CELLS])
{
    bb_str line, cell;
    while (bb_line(table, &line)) {
        if (bb_empty(line) || line.p[0] == '#') continue;
        size_t n = 0;
        while (n < GOLDEN_CELLS && bb_split(&line, '\t', &cell))
            cells[n++] = bb_eq(cell, BB_S("-")) ? (bb_str){0} : cell;
        return n;
    }
    return 0;
}

static int is_message(const struct dirent *entry)
{
    return bb_iends(bb_cstr(entry->d_name), BB_S(".eml"));
}

size_t golden_files(const char *folder, bb_str **names)
{
    char path[4096];
    const char *root = getenv("BB_SOURCE_ROOT");
    struct dirent **entries = NULL;
    snprintf(path, sizeof path, "%s/%s", root ? root : ".", folder);
    int n = scandir(path, &entries, is_message, alphasort);
    bb_str *list = bb_get_array(&kept, MESSAGES_MAX, sizeof *list);
    if (!list || n > MESSAGES_MAX) abort();
    for (int i = 0; i < n; i++) {
        bb_str name = bb_cstr(entries[i]->d_name);
        list[i] = bb_dup(&kept, bb_sub(name, 0, name.n - 4));
        free(entries[i]);
    }
    free(entries);
    *names = list;
    return n > 0 ? (size_t)n : 0;
}

bb_str golden_with_crlf(bb_str bytes)
{
    bb_buf out = bb_buf_in(&kept, 2 * bytes.n);
    for (bb_str line; bb_line(&bytes, &line);) {
        bb_put(&out, line);
        bb_puts(&out, "\r\n");
    }
    return bb_buf_str(&out);
}

static bb_str read_whole(const char *path)
{
    bb_str read = tap_source_file(path);
    ok(!bb_empty(read), "%s is there", path);
    bb_str bytes = bb_dup(&kept, read);
    free((void *)(uintptr_t)read.p);
    return bytes;
}

bb_str golden_table(const char *path)
{
    return read_whole(path);
}

bb_str golden_file(const char *folder, bb_str name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/" BB_FMT ".eml", folder, BB_ARG(name));
    return read_whole(path);
}
