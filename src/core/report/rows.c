/* SPDX-License-Identifier: MIT
 *
 * Rows of a report, one a recipient: made once each, filled from fields and from words, and completed at
 * the end from the human text where a structured part left them thin.
 */
#include "core/report/internal.h"

#include <string.h>

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

static size_t n_rows(const bb_ctx *c)
{
    return c->r->n_rcpts < c->n_row_keys ? c->r->n_rcpts : c->n_row_keys;
}

/* Is it his address, under the one name or the other? */
static bool names_row(const bb_ctx *c, size_t i, bb_str key)
{
    return bb_eq(key, c->row_keys[i].recipient) || bb_eq(key, c->row_keys[i].final);
}

/* Of rows that one original address went on to, the one with that final address, else the first. */
static bb_rcpt_report *row_with_key(const bb_ctx *c, bb_str key)
{
    if (!key.n) return NULL;
    bb_rcpt_report *first = NULL;
    for (size_t i = 0, n = n_rows(c); i < n; i++) {
        if (bb_eq(key, c->row_keys[i].final)) return &c->r->rcpts[i];
        if (!first && bb_eq(key, c->row_keys[i].recipient)) first = &c->r->rcpts[i];
    }
    return first;
}

bb_rcpt_report *bb_row_find(bb_ctx *c, bb_str address)
{
    bb_rcpt_report *row = row_with_key(c, address); /* mostly it is spelled as its key */
    return row ? row : row_with_key(c, bb_address_key(c, address));
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
    bb_rcpt_report *row = row_with_key(c, keys.recipient);
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
    for (size_t i = 0; i < n_rows(c); i++) {
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
    if (bb_empty(row->command)) row->command = bb_stage_find(c, text);
    if (bb_empty(row->remote_mta)) row->remote_mta = bb_host_find(line);
    if (lacks_codes(row) && bb_reply_find(line, &reply)) take_reply(row, &reply);
    take_status(row, line);
}

/* The n-th block; false at the end, or where there are more than so many recipients can explain. */
static bool next_block(bb_ctx *c, size_t n, bb_str *prose, bb_block *block)
{
    if (!bb_block_next(c, prose, block)) return false;
    if (n < 2 * c->opt->max_rcpts) return true;
    c->r->truncated = "max_rcpts";
    return false;
}

size_t bb_rows_from_blocks(bb_ctx *c, bb_str prose)
{
    bb_block block;
    size_t n = 0;
    for (; next_block(c, n, &prose, &block); n++) {
        bb_rcpt_report *row = bb_row(c, block.address);
        if (row) bb_row_words(c, row, block.text);
    }
    return n;
}

/* ---- completion ------------------------------------------------------------------------------------------ */

/* Is what the refusing server put behind its code to be believed before the field, the reporter's reading of it? Not where
 * the field says that the time was up (x.4.7), nor where it is the more exact ("5.1.0"). */
static bool is_better(bb_str said, bb_str field)
{
    bool vague = bb_iends(said, BB_S(".0")) && !bb_iends(field, BB_S(".0"));
    return bb_status_says(said) && !vague && !bb_iends(field, BB_S(".4.7"));
}

/* The diagnostic's own codes come before what anybody says about it. */
static void read_diagnostic(const bb_ctx *c, bb_rcpt_report *row)
{
    bb_reply reply;
    if (bb_reply_find(row->diagnostic, &reply)) {
        if (is_better(reply.status, row->status)) row->status = reply.status;
        take_reply(row, &reply);
    }
    take_status(row, row->diagnostic);
    if (bb_empty(row->command)) row->command = bb_stage_find(c, row->diagnostic);
}

static void from_blocks(bb_ctx *c)
{
    bb_str prose = c->r->text;
    bb_block block;
    for (size_t n = 0; next_block(c, n, &prose, &block); n++) {
        bb_rcpt_report *row = bb_row_find(c, block.address);
        if (row) bb_row_words(c, row, block.text);
    }
}

/* Is this exchange about the row? It says so, or its words are the row's diagnostic. */
static bool is_about(const bb_ctx *c, const bb_exchange *e, size_t i)
{
    const bb_rcpt_report *row = &c->r->rcpts[i];
    if (!bb_empty(e->about)) return i < n_rows(c) && names_row(c, i, e->key);
    if (!bb_empty(row->diagnostic)) return bb_istarts(e->reply, bb_sub(row->diagnostic, 0, 60));
    return c->r->n_rcpts == 1;
}

/* "552-5.7.0 Blocked because": the field has one line of the reply, the transcript all. */
static void take_whole_reply(bb_ctx *c, bb_rcpt_report *row, bb_str reply)
{
    bb_str line = bb_one_line(c, reply), diagnostic = row->diagnostic;
    bool open = diagnostic.n > 4 && diagnostic.p[3] == '-' && bb_is_digit(diagnostic.p[0]);
    if (open && line.n > diagnostic.n && bb_istarts(line, diagnostic)) row->diagnostic = line;
}

static void from_transcript(bb_ctx *c)
{
    bb_exchange *said;
    size_t n = bb_transcript_read(c, c->r->text, &said);
    for (size_t i = 0; i < c->r->n_rcpts && n; i++) {
        bb_rcpt_report *row = &c->r->rcpts[i];
        for (size_t k = 0; k < n; k++) {
            if (!is_about(c, &said[k], i)) continue;
            if (bb_empty(row->command)) row->command = said[k].stage;
            if (bb_empty(row->remote_mta)) row->remote_mta = said[k].host;
            bb_row_words(c, row, said[k].reply);
            if (bb_empty(row->diagnostic)) row->diagnostic = bb_one_line(c, said[k].reply);
            take_whole_reply(c, row, said[k].reply);
            break;
        }
    }
}

static bool take_paragraph(bb_str *rest, bb_str *out)
{
    bb_str line;
    const char *begin = NULL, *end = NULL;
    while (bb_line(rest, &line)) {
        if (bb_empty(bb_trim(line))) {
            if (begin) break;
            continue;
        }
        if (!begin) begin = line.p;
        end = line.p + line.n;
    }
    if (begin) *out = (bb_str){begin, (size_t)(end - begin)};
    return begin != NULL;
}

#define MAX_PARAGRAPHS 200

/* The addresses that words name, as many as are looked at. */
typedef struct {
    struct {
        bb_str address, key;
    } items[16];
    size_t n;
} names;

static void read_names(bb_ctx *c, bb_str words, names *said)
{
    bb_str address;
    for (said->n = 0; said->n < BB_COUNT(said->items) && !bb_empty(address = bb_address_find(words, &words));
         said->n++) {
        said->items[said->n].address = address;
        said->items[said->n].key = bb_address_key(c, address);
    }
}

static bool name_row(const bb_ctx *c, size_t i, const names *said)
{
    for (size_t k = 0; k < said->n; k++)
        if (names_row(c, i, said->items[k].key)) return true;
    return false;
}

/* One paragraph's reply for the rows that it is about: those that it names, or all where it names none and nothing is
 * known of any. Answers whether it was about all. */
static bool from_paragraph(bb_ctx *c, bb_str line, bool *named)
{
    bb_report *r = c->r;
    names said;
    bool anybody = false;
    read_names(c, line, &said);
    for (size_t i = 0; i < n_rows(c); i++) anybody |= name_row(c, i, &said);
    if (*named && !anybody) return false;
    *named |= anybody;
    for (size_t i = 0; i < n_rows(c); i++) {
        bb_rcpt_report *row = &r->rcpts[i];
        bb_str text = row->text;
        if (anybody && !name_row(c, i, &said)) continue;
        bb_row_words(c, row, line);
        row->text = text;
        row->others |= r->n_rcpts > 1 && !anybody;
    }
    return !anybody;
}

/* A reply, or, where it counts, a status. */
static bool says_why(bb_str words, bool status_counts)
{
    return bb_reply_code(words) || (status_counts && bb_status_says(bb_status_find(words)));
}

/* A reply that stands in a paragraph of its own speaks about everybody, where nobody has one. Where a list gives no more
 * than a status for each ("a@b; failed; 5.1.1"), or another paragraph named somebody, it is about whom it names. */
static void from_paragraphs(bb_ctx *c)
{
    bb_report *r = c->r;
    bb_str prose = r->text, paragraph;
    bool heard = false, statuses = false;
    for (size_t i = 0; i < r->n_rcpts; i++) {
        bool told =
            !bb_empty(r->rcpts[i].diagnostic) && !bb_istarts(r->rcpts[i].diagnostic, BB_S("x-unix;")); /* a number */
        heard |= r->rcpts[i].reply_code != 0 || told;
        statuses |= bb_status_says(r->rcpts[i].status);
    }
    bool named = statuses;
    for (int n = 0; !heard && r->n_rcpts && take_paragraph(&prose, &paragraph); n++) {
        if (n == MAX_PARAGRAPHS) {
            r->truncated = "paragraphs";
            return;
        }
        bool cut = paragraph.n > c->opt->max_diagnostic; /* what is left of it then counts */
        if (says_why(cut ? bb_one_line(c, paragraph) : paragraph, !statuses))
            heard = from_paragraph(c, bb_one_line(c, paragraph), &named);
    }
}

/* OpenSMTPD announces its last report as a delay, too, and says of the recipient that it has given up. */
static bool gave_up(const bb_rcpt_report *row)
{
    bb_str words = bb_empty(row->diagnostic) ? row->text : row->diagnostic;
    return bb_phrases_in(NULL, words, BB_WORDS_EXPIRED);
}

static bb_action action_of(bb_ctx *c, const bb_rcpt_report *row)
{
    char class = row->status.n ? row->status.p[0] : (char)('0' + row->reply_code / 100);
    if (class == '2') return BB_ACTION_DELIVERED;
    bb_signs_of_words(c);
    return c->signs & BB_SIGN_DELAYED ? BB_ACTION_DELAYED : BB_ACTION_FAILED;
}

/* What was said to nobody in particular, where only one can be meant. */
static void only_row(bb_ctx *c, bb_rcpt_report *row)
{
    if (bb_empty(row->command)) row->command = bb_stage_find(c, c->r->text);
}

/* Is it this address, a span of the words, that they call unknown? Others are named by the way: whom to ask, from whom the
 * message was. At the head of a system's reply stands the one that it is about. */
static bool spoken_of(bb_str words, bb_str address, bool told)
{
    static const bb_str before[] = {
        BB_ROW("no such user"),    BB_ROW("unknown user"),      BB_ROW("user unknown"),     BB_ROW("user not found"),
        BB_ROW("no such address"), BB_ROW("unknown recipient"), BB_ROW("no such mailbox"),  BB_ROW("no such recipient"),
        BB_ROW("unknown address"), BB_ROW("recipient unknown"), BB_ROW("address unknown"),  BB_ROW("no such account"),
        BB_ROW("no account for"),  BB_ROW("no mailbox for"),    BB_ROW("invalid recipient")};
    static const char *const behind[] = {"user ",     "unknown", "is unknown", "does not", "doesn't",       "not found",
                                         "no such",   "is not",  "mailbox",    "account",  "was not found", "invalid",
                                         "no longer", "is no ",  "recipient",  "disabled", "is invalid"};
    size_t from = (size_t)(address.p - words.p), to = from + address.n;
    while (from && strchr(" <(\"':[", words.p[from - 1])) from--;
    while (to < words.n && strchr(" >)\"':.,]", words.p[to])) to++;
    bb_str head = bb_sub(words, 0, from), tail = bb_sub(words, to, BB_NPOS);
    for (size_t i = 0; i < BB_COUNT(before); i++)
        if (bb_iends(head, before[i])) return true;
    for (size_t i = 0; i < BB_COUNT(behind); i++)
        if (bb_begins(tail, behind[i])) return true;
    size_t n = 0;
    while (n < head.n && (bb_is_digit(head.p[n]) || strchr(" .-#", head.p[n]))) n++;
    return !told && n == head.n;
}

/* Of one owner, as far as names show: the end that they share is more than "com" or "co.uk". */
static bool related(bb_str x, bb_str y)
{
    size_t same = 0, shared = 0, labels = 0, first = 0;
    while (same < x.n && same < y.n && bb_lower(x.p[x.n - 1 - same]) == bb_lower(y.p[y.n - 1 - same])) {
        same++;
        bool ends_x = same == x.n || x.p[x.n - 1 - same] == '.', ends_y = same == y.n || y.p[y.n - 1 - same] == '.';
        if (ends_x && ends_y) first = same - shared - (shared > 0), shared = same, labels++;
    }
    return labels > 2 || (labels == 2 && (first > 3 || shared == x.n || shared == y.n));
}

static bool of_his_domain(const bb_rcpt_report *row, bb_str address)
{
    const bb_str his[] = {row->recipient, row->original, row->final};
    bb_str local, domain, his_domain;
    if (!bb_address_split(address, &local, &domain)) return true;
    for (size_t i = 0; i < BB_COUNT(his); i++)
        if (bb_address_split(his[i], &local, &his_domain) && related(domain, his_domain)) return true;
    return false;
}

/* "forwarding to x@example.org failed: 550 user unknown", of which the reply alone is the diagnostic. */
static bool was_passed_on(const bb_ctx *c, const bb_rcpt_report *row)
{
    bb_str text = row->text, mark = BB_S("forwarding to ");
    if (bb_empty(text) && c->r->n_rcpts == 1) text = bb_sub(c->r->text, 0, BB_ANNOUNCED_WITHIN);
    size_t at = bb_ifind(text, mark);
    if (at == BB_NPOS) return false;
    bb_str behind = bb_sub(text, at + mark.n, BB_ADDRESS_MAX), address = bb_address_find(behind, NULL);
    return address.n && address.p <= behind.p + 1 && !of_his_domain(row, address);
}

/* Whether it is somebody else whom the words about row i call unknown: who sent the message, or whom it was passed on to. */
static void find_subject(bb_ctx *c, size_t i, bb_str words, const names *said)
{
    bb_rcpt_report *row = &c->r->rcpts[i];
    bool sender = false, elsewhere = false, silent = bb_empty(row->diagnostic);
    for (size_t k = 0; k < said->n; k++) {
        bb_str address = said->items[k].address, key = said->items[k].key;
        if (!spoken_of(words, address, row->told || silent)) continue;
        if (names_row(c, i, key)) return;
        if (bb_is_sender(c, key)) sender = true;
        else if (!row_with_key(c, key) && !of_his_domain(row, address)) elsewhere = true;
    }
    row->of_sender |= sender;
    row->passed_on |= elsewhere;
}

#define MAX_LINES 200

static size_t n_letters(bb_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += bb_is_alnum(s.p[i]) || (unsigned char)s.p[i] >= 0x80;
    return n;
}

/* "Unknown user: a@b" in a line of its own, among lines about others. */
static void from_lines(bb_ctx *c)
{
    bb_str prose = c->r->text, line, rest;
    for (int n = 0; c->r->n_rcpts > 1 && n < MAX_LINES && bb_line(&prose, &line);) {
        if (bb_chr(line, '@') == BB_NPOS) continue;
        n++;
        bb_str address = bb_address_find(line, &rest);
        bool only = !bb_empty(address) && bb_empty(bb_address_find(rest, NULL));
        if (!only || n_letters(line) < n_letters(address) + 4) continue;
        bb_rcpt_report *row = bb_row_find(c, address);
        if (row && bb_empty(row->diagnostic) && bb_empty(row->text) && bb_empty(row->remark))
            row->remark = bb_one_line(c, line);
    }
}

/* Where no system's words are known, what the report says of him stands for them, be it only a remark; and the whole report
 * where it says nothing and he is the only one. */
static void settle_words(bb_ctx *c, size_t i)
{
    bb_report *r = c->r;
    bb_rcpt_report *row = &r->rcpts[i];
    if (bb_empty(row->diagnostic)) {
        row->diagnostic = bb_empty(row->text) ? row->remark : row->text;
        row->told = !bb_empty(row->diagnostic);
    }
    if (i >= n_rows(c)) return;
    bool whole = bb_empty(row->diagnostic) && r->n_rcpts == 1;
    bb_str words = whole ? bb_sub(r->text, 0, BB_ANNOUNCED_WITHIN) : row->diagnostic;
    names said;
    read_names(c, words, &said);
    row->passed_on = was_passed_on(c, row);
    find_subject(c, i, words, &said);
    if (whole || name_row(c, i, &said)) return;
    for (size_t k = 0; k < said.n; k++) {
        bool sender = bb_is_sender(c, said.items[k].key);
        row->of_sender |= sender && !row->told; /* in its own words a report names the sender by the way */
        row->others |= !sender && r->n_rcpts > 1 && row_with_key(c, said.items[k].key) != NULL;
    }
}

void bb_rows_complete(bb_ctx *c)
{
    bb_report *r = c->r;
    for (size_t i = 0; i < r->n_rcpts; i++) read_diagnostic(c, &r->rcpts[i]);
    from_blocks(c);
    from_transcript(c);
    from_paragraphs(c);
    from_lines(c);
    for (size_t i = 0; i < r->n_rcpts; i++) {
        bb_rcpt_report *row = &r->rcpts[i];
        if (r->n_rcpts == 1) only_row(c, row);
        settle_words(c, i);
        if (row->action == BB_ACTION_NONE) row->action = action_of(c, row);
        if (row->action == BB_ACTION_DELAYED && gave_up(row)) row->action = BB_ACTION_FAILED;
    }
}
