/* SPDX-License-Identifier: MIT
 *
 * What lands in a bounce mailbox and is no bounce, read as ordinary.tsv says that a person reads it: as it came and
 * after changes on the way; and never, whatever its header lost, as news of a delivery that would act on somebody.
 */
#include <string.h>

#include "golden.h"

#define FOLDER "tests/golden/ordinary"

enum { FILE_, TYPE, ABOUT, KIND, REASON, WHY, COLUMNS };

static bb_arena *kept;

typedef struct {
    bb_str cells[GOLDEN_CELLS];
    bb_str bytes;
} message;

static message *messages;
static size_t n_messages, cap_messages;

static void read_table(void)
{
    bb_str table = golden_table("tests/golden/ordinary.tsv"), cells[GOLDEN_CELLS];
    for (size_t n; (n = golden_row(&table, cells)) > 0;) {
        is_int(n, COLUMNS, "columns of " BB_FMT, BB_ARG(cells[FILE_]));
        message *m = BB_PUSH(kept, messages, n_messages, cap_messages);
        memcpy(m->cells, cells, sizeof cells);
        m->bytes = golden_file(FOLDER, cells[FILE_]);
    }
}

static void every_message_is_in_the_table(void)
{
    bb_str *names;
    size_t n = golden_files(FOLDER, &names);
    ok(n >= 130, "%zu messages", n);
    is_int(n_messages, n, "as many messages in the table as in the folder");
    for (size_t i = 0; i < n && i < n_messages; i++)
        is_str(messages[i].cells[FILE_], names[i], "in the order of their names");
}

/* ---- as one line ------------------------------------------------------------------------------------ */

static bb_str line_of(bb_str type, bb_str about, bb_str kind, bb_str reason)
{
    if (bb_empty(about)) about = BB_S("-");
    return bb_sprintf(kept, BB_FMT " " BB_FMT " " BB_FMT " " BB_FMT, BB_ARG(type), BB_ARG(about), BB_ARG(kind),
                      BB_ARG(reason));
}

/* Against anybody: that a receipt says that mail arrived does no harm. */
static bool acts(bb_kind kind)
{
    return kind == BB_KIND_HARD || kind == BB_KIND_SOFT || kind == BB_KIND_BLOCK || kind == BB_KIND_COMPLAINT;
}

static bb_str line_read(bb_str bytes, bb_kind *worst)
{
    static const char *const types[] = {"none", "delivery", "complaint", "autoreply", "receipt", "challenge"};
    bb_report r;
    golden_read(bytes, NULL, &r);
    bb_verdict v = golden_verdict(&r, 0);
    *worst = v.kind;
    for (size_t i = 1; i < r.n_rcpts; i++) {
        bb_kind kind = golden_verdict(&r, i).kind;
        if (acts(kind)) *worst = kind;
    }
    bb_str about = r.n_rcpts ? r.rcpts[0].recipient : (bb_str){0};
    if (r.n_rcpts > 1) about = BB_S("several");
    bb_str line =
        line_of(bb_cstr(types[r.type]), about, bb_cstr(bb_kind_word(v.kind)), bb_cstr(bb_reason_word(v.reason)));
    golden_forget();
    return line;
}

/* ---- changes on the way ------------------------------------------------------------------------------- */

static bb_str as_it_came(bb_str bytes)
{
    return bytes;
}

static bb_str one_more_hop(bb_str bytes)
{
    bb_buf out = bb_buf_in(kept, bytes.n + 512);
    bb_puts(&out, "Received: from relay.example.org (relay.example.org [192.0.2.99])\n"
                  "\tby in.example.org (Postfix) with ESMTP id 4ABCDE1234\n"
                  "\tfor <box@example.org>; Tue, 24 Nov 2026 09:00:00 +0000 (UTC)\n");
    bb_put(&out, bytes);
    return bb_buf_str(&out);
}

/* The message with another return path, NULL: with none. */
static bb_str with_path(bb_str bytes, const char *path)
{
    bb_buf out = bb_buf_in(kept, bytes.n + 64);
    bool header = true;
    if (path) bb_putf(&out, "Return-Path: %s\n", path);
    for (bb_str line; bb_line(&bytes, &line);) {
        header = header && !bb_empty(line);
        if (header && bb_istarts(line, BB_S("Return-Path:"))) continue;
        bb_put(&out, line);
        bb_putc(&out, '\n');
    }
    return bb_buf_str(&out);
}

static bb_str without_path(bb_str bytes)
{
    return with_path(bytes, NULL);
}

static bb_str through_a_list(bb_str bytes)
{
    return with_path(bytes, "<club-bounces@lists.example.org>");
}

static void read_as_a_person_reads(void)
{
    static const struct {
        const char *name;
        bb_str (*change)(bb_str bytes);
        bool same; /* means the same to a person */
    } ways[] = {
        {"as it came", as_it_came, true},
        {"with CRLF", golden_with_crlf, true},
        {"with one more hop", one_more_hop, true},
        {"without its return path", without_path, false},
        {"with a list's return path", through_a_list, false},
    };
    for (size_t i = 0; i < n_messages; i++) {
        const bb_str *c = messages[i].cells;
        for (size_t k = 0; k < BB_COUNT(ways); k++) {
            bb_kind worst;
            bb_str got = line_read(ways[k].change(messages[i].bytes), &worst);
            ok(!acts(worst), BB_FMT " %s acts on nobody: " BB_FMT, BB_ARG(c[FILE_]), ways[k].name, BB_ARG(got));
            if (ways[k].same)
                is_str(got, line_of(c[TYPE], c[ABOUT], c[KIND], c[REASON]), BB_FMT " %s", BB_ARG(c[FILE_]),
                       ways[k].name);
        }
    }
}

/* The checks above can fail: a bounce in their place would be seen. */
static void a_bounce_would_be_seen(void)
{
    bb_kind worst;
    bb_str got = line_read(golden_file("tests/fixtures/mta", BB_S("postfix-unknown")), &worst);
    ok(acts(worst) && bb_starts(got, BB_S("delivery ")), "a bounce acts: " BB_FMT, BB_ARG(got));
}

int main(void)
{
    kept = golden_begin();
    read_table();
    every_message_is_in_the_table();
    read_as_a_person_reads();
    a_bounce_would_be_seen();
    return golden_end();
}
