/* SPDX-License-Identifier: MIT
 *
 * Reads messages as bouncebox parse does, with one format switched off: what is left of its families on the generic path.
 *
 * usage: read_without FORMAT    ("-": all formats) with paths on standard input, one a line
 * A line of JSON a recipient: source, format, kind, reason, recipient, status, reply_code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/classify/classify.h"
#include "core/mail/mail.h"
#include "core/report/report.h"
#include "edge/charset/charset.h"
#include "tap.h"

static void put_row(bb_arena *a, const bb_rules *rules, bb_str path, const bb_report *r, size_t i)
{
    static const bb_rcpt_report nobody;
    const bb_rcpt_report *to = i < r->n_rcpts ? &r->rcpts[i] : &nobody;
    bb_verdict v = bb_classify_report(rules, a, r, i);
    bb_buf line = bb_buf_of(a, 256);
    bb_json j = {.out = &line};
    bb_json_open(&j, '{');
    bb_json_kstr(&j, "source", path);
    bb_json_kstr(&j, "format", bb_cstr(r->format));
    bb_json_kstr(&j, "kind", bb_cstr(bb_kind_word(v.kind)));
    bb_json_kstr(&j, "reason", bb_cstr(bb_reason_word(v.reason)));
    bb_json_kstr(&j, "recipient", to->recipient);
    bb_json_kstr(&j, "status", to->status);
    bb_json_kint(&j, "reply_code", to->reply_code);
    bb_json_close(&j, '}');
    bb_str out = bb_buf_str(&line);
    printf("%.*s\n", (int)out.n, out.p);
}

static void read_one(bb_arena *a, const bb_rules *rules, const bb_mail_options *mail, const char *without,
                     const char *path)
{
    bb_report_options opt = bb_report_defaults;
    bb_mail *m = bb_get(a, sizeof *m);
    bb_str bytes = tap_source_file(path);
    bb_report r;
    opt.without = without;
    if (!m) abort();
    bb_mail_read(a, bytes, mail, m);
    bb_report_read(m, &opt, &r);
    for (size_t i = 0; i == 0 || i < r.n_rcpts; i++) put_row(a, rules, bb_cstr(path), &r, i);
    free((void *)(uintptr_t)bytes.p);
    bb_arena_reset(a);
}

int main(int argc, char **argv)
{
    static char path[4096];
    bb_err err = {0};
    bb_arena a;
    bb_charsets charsets = {0};
    bb_mail_options mail = bb_mail_defaults;
    mail.charset = bb_charset_convert;
    mail.charset_ctx = &charsets;
    bb_rules *rules = bb_rules_compile(&tap_alloc, bb_rules_builtin, bb_rules_builtin_count, &err);
    if (argc != 2 || !rules) {
        fprintf(stderr, "usage: read_without FORMAT < PATHS\n%s\n", err.text);
        return 64;
    }
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    while (fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = 0;
        read_one(&a, rules, &mail, strcmp(argv[1], "-") ? argv[1] : NULL, path);
    }
    bb_arena_free(&a);
    bb_charsets_close(&charsets);
    bb_rules_free(&rules);
    return 0;
}
