/* SPDX-License-Identifier: MIT
 *
 * Rows of a report, one a recipient: made once each, filled from fields and from words.
 */
#include "core/report/internal.h"

/* ---- addresses ------------------------------------------------------------------------------------------ */

/* "rfc822; a@b", "RFC822;<a@b>", twice where a program wrapped what was typed already. */
static bb_str without_type(bb_str s)
{
    for (int i = 0; i < 3; i++) {
        size_t n = 0;
        while (n < s.n && (bb_is_alnum(s.p[n]) || s.p[n] == '-' || s.p[n] == '_')) n++;
        size_t at = n;
        while (at < s.n && bb_is_space(s.p[at])) at++;
        if (!n || at >= s.n || s.p[at] != ';') break;
        s = bb_trim(bb_sub(s, at + 1, BB_NPOS));
    }
    return s;
}

static bool hex_value(char c, uint32_t *v)
{
    if (bb_is_digit(c)) *v = *v << 4 | (uint32_t)(c - '0');
    else if (bb_lower(c) >= 'a' && bb_lower(c) <= 'f') *v = *v << 4 | (uint32_t)(bb_lower(c) - 'a' + 10);
    else return false;
    return true;
}

/* "\x{E9}" is a code point (RFC 6533 section 3, utf-8-addr-unitext). */
static bb_str without_escapes(bb_ctx *c, bb_str s)
{
    if (bb_chr(s, '\\') == BB_NPOS) return s;
    bb_buf out = bb_buf_in(c->a, 4 * s.n);
    for (size_t i = 0; i < s.n; i++) {
        uint32_t v = 0;
        size_t n = i + 3;
        bool escaped = bb_starts(bb_sub(s, i, BB_NPOS), BB_S("\\x{"));
        while (escaped && n < s.n && n < i + 9 && hex_value(s.p[n], &v)) n++;
        bool printable = v > ' ' && v != 0x7F;
        if (printable && escaped && n > i + 3 && n < s.n && s.p[n] == '}') {
            bb_put_utf8(&out, v);
            i = n;
        } else {
            bb_putc(&out, s.p[i]);
        }
    }
    return bb_buf_str(&out);
}

bb_str bb_address_clean(bb_ctx *c, bb_str raw)
{
    static const char *const prefixes[] = {"mailto:", "smtp:", "smtp=", "imceamailto-"};
    if (bb_empty(raw)) return raw;
    bb_str s = without_escapes(c, without_type(bb_trim(bb_value_text(c->m, raw))));
    bb_str found = bb_address_read(c->a, s, &c->cleaned, NULL) ? c->cleaned.spelled : bb_address_find(s, NULL);
    bb_str local, domain;
    if (bb_empty(found) && bb_address_split(s, &local, &domain) && bb_chr(local, ' ') == BB_NPOS &&
        bb_chr(domain, ' ') == BB_NPOS)
        found = bb_sub(s, (size_t)(local.p - s.p), local.n + 1 + domain.n); /* nobody's, but what the report is about */
    for (size_t i = 0; i < BB_COUNT(prefixes); i++)
        if (bb_begins(found, prefixes[i])) found = bb_sub(found, bb_cstr(prefixes[i]).n, BB_NPOS);
    return found.n <= BB_ADDRESS_MAX && !bb_has_control(found) ? found : (bb_str){0};
}

bb_str bb_address_key(bb_ctx *c, bb_str address)
{
    bb_address whole = c->cleaned;
    bool known = address.n && whole.spelled.p == address.p && whole.spelled.n == address.n;
    return known || bb_address_read(c->a, address, &whole, NULL) ? whole.key : bb_lowered(c->a, address);
}

/* ---- rows ------------------------------------------------------------------------------------------------ */

size_t bb_rows_known(const bb_ctx *c)
{
    return c->r->n_rcpts < c->n_row_keys ? c->r->n_rcpts : c->n_row_keys;
}

bool bb_row_is_named(const bb_ctx *c, size_t i, bb_str key)
{
    return bb_eq(key, c->row_keys[i].recipient) || bb_eq(key, c->row_keys[i].final);
}

bb_rcpt_report *bb_row_with_key(const bb_ctx *c, bb_str key)
{
    if (!key.n) return NULL;
    bb_rcpt_report *first = NULL;
    for (size_t i = 0, n = bb_rows_known(c); i < n; i++) {
        if (bb_eq(key, c->row_keys[i].final)) return &c->r->rcpts[i];
        if (!first && bb_eq(key, c->row_keys[i].recipient)) first = &c->r->rcpts[i];
    }
    return first;
}

bb_rcpt_report *bb_row_find(bb_ctx *c, bb_str address)
{
    bb_rcpt_report *row = bb_row_with_key(c, address); /* mostly it is spelled as its key */
    return row ? row : bb_row_with_key(c, bb_address_key(c, address));
}

static bb_rcpt_report *new_row(bb_ctx *c, bb_str address, bb_row_keys keys)
{
    bb_report *r = c->r;
    if (r->n_rcpts >= c->opt->max_rcpts) {
        r->truncated = "max_rcpts";
        return NULL;
    }
    bb_row_keys *slot = BB_PUSH(c->a, c->row_keys, c->n_row_keys, c->cap_row_keys);
    bb_rcpt_report *row = BB_PUSH(c->a, r->rcpts, r->n_rcpts, r->cap_rcpts);
    if (!slot || !row) return NULL;
    *slot = keys;
    row->recipient = address;
    return row;
}

bb_rcpt_report *bb_row(bb_ctx *c, bb_str raw)
{
    bb_str address = bb_address_clean(c, raw);
    if (bb_empty(address)) return NULL;
    bb_row_keys keys = {.recipient = bb_address_key(c, address)};
    bb_rcpt_report *row = bb_row_with_key(c, keys.recipient);
    return row ? row : new_row(c, address, keys);
}

/* Do a block's addresses mean the row of these? One of them may be missing on either side. */
static bool same_rcpt(const bb_row_keys *row, const bb_row_keys *block, bool block_original)
{
    if (row->final.n && block->final.n)
        return bb_eq(row->final, block->final) && (!block_original || bb_eq(row->recipient, block->recipient));
    return bb_eq(row->recipient, block->recipient);
}

bb_rcpt_report *bb_row_of(bb_ctx *c, bb_str original, bb_str final)
{
    bb_str address = bb_empty(original) ? final : original;
    if (bb_empty(address)) return NULL;
    bb_row_keys keys = {.recipient = bb_address_key(c, address)};
    if (!bb_empty(final)) keys.final = bb_eq(final, address) ? keys.recipient : bb_address_key(c, final);
    for (size_t i = 0; i < bb_rows_known(c); i++) {
        if (!same_rcpt(&c->row_keys[i], &keys, !bb_empty(original))) continue;
        if (!c->row_keys[i].final.n) c->row_keys[i].final = keys.final;
        return &c->r->rcpts[i];
    }
    return new_row(c, address, keys);
}

void bb_rows_failed_header(bb_ctx *c)
{
    for (const bb_field *f = bb_field_get(c->m->root, "X-Failed-Recipients"); f;
         f = bb_field_after(f, "X-Failed-Recipients")) {
        bb_str list = bb_value_unfold(c->m, f->value), item;
        while (bb_split(&list, ',', &item))
            if (!bb_empty(bb_trim(item))) bb_row(c, item);
    }
}

void bb_rows_from_returned(bb_ctx *c)
{
    static const char *const fields[] = {"X-Original-To", "Delivered-To", "To"};
    /* One of several, or of a report that came back in its turn: then it may have failed for another. */
    if (!c->returned || bb_field_get(c->returned, "Cc")) return;
    if (bb_eq(bb_field_raw(c->m, c->returned, "Return-Path"), BB_S("<>"))) return;
    for (size_t i = 0; i < BB_COUNT(fields) && !c->r->n_rcpts; i++) {
        bb_str to = bb_field_raw(c->m, c->returned, fields[i]), rest = to, more = {0};
        bb_str address = bb_address_find(to, &rest);
        if (!bb_empty(address)) more = bb_address_find(rest, NULL);
        if (bb_empty(address) || !bb_empty(more) || bb_is_not_rcpt(c, address)) continue;
        if (bb_is_at_senders_domain(c, bb_address_key(c, address))) continue;
        bb_row(c, address);
    }
}

/* ---- words ----------------------------------------------------------------------------------------------- */

/* Punctuation between an address and what is said of it. */
static bb_str without_lead(bb_str s)
{
    s = bb_trim(s);
    while (s.n && (s.p[0] == ':' || s.p[0] == '.' || s.p[0] == ',' || s.p[0] == ';'))
        s = bb_trim(bb_sub(s, 1, BB_NPOS));
    return s;
}

static bool lacks_codes(const bb_rcpt_report *row)
{
    return !row->reply_code || !bb_status_says(row->status) || bb_empty(row->diagnostic);
}

static void take_reply(bb_rcpt_report *row, const bb_reply *reply)
{
    if (!row->reply_code) row->reply_code = reply->code;
    if (!bb_status_says(row->status) && !bb_empty(reply->status)) row->status = reply->status;
    if (bb_empty(row->diagnostic)) row->diagnostic = reply->text;
}

static void take_status(bb_rcpt_report *row, bb_str line)
{
    bb_str status = bb_status_says(row->status) ? (bb_str){0} : bb_status_find(line);
    if (bb_status_says(status)) row->status = status;
}

void bb_row_words(bb_ctx *c, bb_rcpt_report *row, bb_str words)
{
    bb_str text = without_lead(words);
    bb_reply reply;
    bool placed = !bb_empty(row->text) && !bb_empty(row->command) && !bb_empty(row->remote_mta);
    if ((placed && !lacks_codes(row)) || bb_empty(text) || bb_only_titles(c->a, words)) return;
    bb_str line = bb_one_line(c, text);
    if (bb_empty(row->text)) row->text = line;
    bool cut = text.n > c->opt->max_diagnostic; /* what is left of it then counts */
    if (bb_empty(row->command)) row->command = bb_stage_find(c, cut ? line : text);
    if (bb_empty(row->remote_mta)) row->remote_mta = bb_host_find(line);
    if (lacks_codes(row) && bb_reply_find(line, &reply)) take_reply(row, &reply);
    take_status(row, line);
}

/* Is what the refusing server put behind its code to be believed before the field, the reporter's reading of it? Not where
 * the field says that the time was up (x.4.7), nor where it is the more exact ("5.1.0"). */
static bool is_better(bb_str said, bb_str field)
{
    bool vague = bb_iends(said, BB_S(".0")) && !bb_iends(field, BB_S(".0"));
    return bb_status_says(said) && !vague && !bb_iends(field, BB_S(".4.7"));
}

void bb_row_diagnostic(const bb_ctx *c, bb_rcpt_report *row)
{
    bb_reply reply;
    if (bb_reply_find(row->diagnostic, &reply)) {
        if (is_better(reply.status, row->status)) row->status = reply.status;
        take_reply(row, &reply);
    }
    take_status(row, row->diagnostic);
    if (bb_empty(row->command)) row->command = bb_stage_find(c, row->diagnostic);
}

/* The n-th block; false at the end, or where there are more than so many recipients can explain. */
static bool next_block(bb_ctx *c, size_t n, bb_str *prose, bb_block *block)
{
    if (!bb_block_next(c, prose, block)) return false;
    if (n < 2 * c->opt->max_rcpts) return true;
    c->r->truncated = "max_rcpts";
    return false;
}

/* Fills the row of each block, which row_of() finds or makes. */
static size_t read_blocks(bb_ctx *c, bb_str prose, bb_rcpt_report *(*row_of)(bb_ctx *c, bb_str address))
{
    bb_block block;
    size_t n = 0;
    for (; next_block(c, n, &prose, &block); n++) {
        bb_rcpt_report *row = row_of(c, block.address);
        if (row) bb_row_words(c, row, block.text);
    }
    return n;
}

size_t bb_rows_from_blocks(bb_ctx *c, bb_str prose)
{
    return read_blocks(c, prose, bb_row);
}

void bb_rows_fill_from_blocks(bb_ctx *c, bb_str prose)
{
    (void)read_blocks(c, prose, bb_row_find);
}
