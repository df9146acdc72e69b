/* SPDX-License-Identifier: MIT
 *
 * A mail to what it reports: taken apart, offered to each format in order, completed.
 */
#include "core/report/internal.h"

const bb_report_options bb_report_defaults = {.max_rcpts = 1000, .max_diagnostic = 4096};

static void read_original(bb_ctx *c)
{
    const bb_part *p = c->returned;
    bb_original *o = &c->r->original;
    if (!p) return;
    *o = (bb_original){
        .message_id = bb_field_raw(c->m, p, "Message-ID"),
        .subject = bb_field_text(c->m, p, "Subject"),
        .from = bb_field_text(c->m, p, "From"),
        .to = bb_field_text(c->m, p, "To"),
        .list_id = bb_field_text(c->m, p, "List-Id"),
        .return_path = bb_address_clean(c, bb_field_raw(c->m, p, "Return-Path")),
        .date = bb_field_raw(c->m, p, "Date"),
    };
}

static bool is_off(const bb_report_options *opt, const bb_format *f)
{
    return opt->without && bb_eq(bb_cstr(opt->without), bb_cstr(f->name));
}

bb_str bb_report_words_for_all(const bb_report *r)
{
    size_t all = (size_t)1 << 20, most = (size_t)16 << 10;
    size_t each = r->n_rcpts ? all / r->n_rcpts : most;
    return bb_sub(r->text, 0, each < most ? each : most);
}

static void read_asserted(bb_ctx *c)
{
    bb_report *r = c->r;
    bool wanted = r->n_rcpts == 0;
    for (size_t i = 0; i < r->n_rcpts; i++) wanted |= bb_empty(r->rcpts[i].text);
    if (wanted) r->asserted = bb_asserted(c->a, &c->found, bb_report_words_for_all(r), r->original.subject, true);
}

void bb_report_read(bb_mail *m, const bb_report_options *opt, bb_report *out)
{
    *out = (bb_report){.type = BB_REPORT_NONE, .format = ""};
    if (!m->root) return;
    bb_ctx c = {.m = m, .a = m->arena, .opt = opt ? opt : &bb_report_defaults, .r = out};
    out->subject = bb_field_text(m, m->root, "Subject");
    bb_anatomy_read(&c);
    bb_signs_read(&c);
    for (size_t i = 0; i < bb_formats_count && out->type == BB_REPORT_NONE; i++) {
        if (is_off(c.opt, &bb_formats[i])) continue;
        if (bb_formats[i].by_words) bb_signs_of_words(&c);
        if (!bb_formats[i].read(&c)) {
            out->n_rcpts = c.n_row_keys = 0; /* what it took for recipients is nobody */
            continue;
        }
        out->format = bb_formats[i].name;
        if (out->type == BB_REPORT_NONE) out->type = BB_REPORT_DELIVERY;
    }
    if (out->type == BB_REPORT_DELIVERY) bb_rows_complete(&c);
    if (out->type != BB_REPORT_NONE) read_original(&c);
    if (out->type == BB_REPORT_DELIVERY) read_asserted(&c);
}
