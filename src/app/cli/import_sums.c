/* SPDX-License-Identifier: MIT
 *
 * What an import did, and which lines it left out: all counted, the first of them told.
 */
#include <inttypes.h>

#include "app/cli/cmd_import.h"

static const struct {
    const char *key, *text;
} left_words[LEFT_REASONS] = {
    [LEFT_BAD] = {"bad", "cannot be read"},
    [LEFT_TWICE] = {"twice", "name somebody who stands further up"},
    [LEFT_TAKEN] = {"taken", "have an id that somebody else on the list has"},
    [LEFT_OTHER_ID] = {"other_id", "name somebody who is on the list with another id, which stays"},
};

static uint64_t left(const import_sums *s)
{
    uint64_t n = 0;
    for (size_t i = 0; i < LEFT_REASONS; i++) n += s->left[i];
    return n;
}

bool import_left_any(const import_sums *s)
{
    return left(s);
}

void import_leave(cli *c, import_sums *s, left_reason reason, const left_line *line)
{
    s->left[reason]++;
    if (s->n_lines == (c->json ? LEFT_SHOWN_JSON : LEFT_SHOWN)) return;
    s->lines[s->n_lines++] = (left_line){.file = line->file,
                                         .line = line->line,
                                         .text = bb_dup(&c->arena, bb_sub(line->text, 0, 100)),
                                         .why = bb_dup(&c->arena, bb_cstr(line->why)).p};
}

static void put_json(cli *c, const import_sums *s, bool dry, bool complete)
{
    cli_json d;
    cli_json_begin(&d, &c->arena);
    bb_json_kint(&d.j, "rows", (int64_t)s->rows);
    bb_json_kint(&d.j, "added", (int64_t)s->added);
    bb_json_kint(&d.j, "known", (int64_t)s->known);
    bb_json_kint(&d.j, "resubscribed", (int64_t)s->again);
    bb_json_kint(&d.j, "left_out", (int64_t)left(s));
    bb_json_key(&d.j, "why_left_out");
    bb_json_open(&d.j, '{');
    for (size_t i = 0; i < LEFT_REASONS; i++) bb_json_kint(&d.j, left_words[i].key, (int64_t)s->left[i]);
    bb_json_close(&d.j, '}');
    bb_json_key(&d.j, "lines");
    bb_json_open(&d.j, '[');
    for (size_t i = 0; i < s->n_lines; i++) {
        bb_json_open(&d.j, '{');
        bb_json_kstr(&d.j, "file", s->lines[i].file);
        bb_json_kint(&d.j, "line", (int64_t)s->lines[i].line);
        bb_json_kstr(&d.j, "text", s->lines[i].text);
        bb_json_kstr(&d.j, "why", bb_cstr(s->lines[i].why));
        bb_json_close(&d.j, '}');
    }
    bb_json_close(&d.j, ']');
    bb_json_key(&d.j, "dry_run");
    bb_json_bool(&d.j, dry);
    bb_json_key(&d.j, "complete");
    bb_json_bool(&d.j, complete);
    cli_json_end(c, &d);
}

static void print_left(cli *c, const import_sums *s)
{
    uint64_t all = left(s);
    if (!all) return;
    cli_print(c, "left out: %s\n", cli_plural(&c->arena, (int64_t)all, "line", "lines"));
    for (size_t i = 0; i < LEFT_REASONS; i++)
        if (s->left[i]) cli_print(c, "  %" PRIu64 " %s\n", s->left[i], left_words[i].text);
    for (size_t i = 0; i < s->n_lines; i++)
        cli_print(c, "  %s:%" PRIu64 ": %s%s%s\n", cli_show(&c->arena, s->lines[i].file), s->lines[i].line,
                  s->lines[i].why, s->lines[i].text.n ? ": " : "", cli_show(&c->arena, s->lines[i].text));
    if (all > s->n_lines)
        cli_print(c, "  and %" PRIu64 " more; --json tells the first %d\n", all - s->n_lines, LEFT_SHOWN_JSON);
}

void import_tell(cli *c, const import_sums *s, bool dry, bool complete)
{
    if (c->json) {
        put_json(c, s, dry, complete);
        return;
    }
    cli_print(c, "read %s: ", cli_plural(&c->arena, (int64_t)s->rows, "line", "lines"));
    cli_print(c, "%" PRIu64 " added, %" PRIu64 " there already", s->added, s->known);
    if (s->again) cli_print(c, ", of them %" PRIu64 " subscribed again", s->again);
    cli_print(c, "\n");
    print_left(c, s);
    if (dry) cli_print(c, "nothing was changed\n");
}
