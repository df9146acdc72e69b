/* SPDX-License-Identifier: MIT
 *
 * Whom words about a row are about: words that call somebody unknown may mean who sent the message, or whom it was passed
 * on to.
 */
#include "core/report/internal.h"

#include <string.h>

/* ---- who is named ------------------------------------------------------------------------------------------ */

void bb_names_read(bb_ctx *c, bb_str words, bb_names *said)
{
    bb_str address;
    for (said->n = 0; said->n < BB_COUNT(said->items) && !bb_empty(address = bb_address_find(words, &words));
         said->n++) {
        said->items[said->n].address = address;
        said->items[said->n].key = bb_address_key(c, address);
    }
}

bool bb_names_row(const bb_ctx *c, size_t i, const bb_names *said)
{
    for (size_t k = 0; k < said->n; k++)
        if (bb_row_is_named(c, i, said->items[k].key)) return true;
    return false;
}

/* ---- who is meant ------------------------------------------------------------------------------------------ */

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
static void find_subject(bb_ctx *c, size_t i, bb_str words, const bb_names *said)
{
    bb_rcpt_report *row = &c->r->rcpts[i];
    bool sender = false, elsewhere = false, silent = bb_empty(row->diagnostic);
    for (size_t k = 0; k < said->n; k++) {
        bb_str address = said->items[k].address, key = said->items[k].key;
        if (!spoken_of(words, address, row->told || silent)) continue;
        if (bb_row_is_named(c, i, key)) return;
        if (bb_is_sender(c, key)) sender = true;
        else if (!bb_row_with_key(c, key) && !of_his_domain(row, address)) elsewhere = true;
    }
    row->of_sender |= sender;
    row->passed_on |= elsewhere;
}

/* Where no system's words are known, what the report says of him stands for them, be it only a remark; and the whole report
 * where it says nothing and he is the only one. */
void bb_row_settle(bb_ctx *c, size_t i)
{
    bb_report *r = c->r;
    bb_rcpt_report *row = &r->rcpts[i];
    if (bb_empty(row->diagnostic)) {
        row->diagnostic = bb_empty(row->text) ? row->remark : row->text;
        row->told = !bb_empty(row->diagnostic);
    }
    if (i >= bb_rows_known(c)) return;
    bool whole = bb_empty(row->diagnostic) && r->n_rcpts == 1;
    bb_str words = whole ? bb_sub(r->text, 0, BB_ANNOUNCED_WITHIN) : row->diagnostic;
    bb_names said;
    bb_names_read(c, words, &said);
    row->passed_on = was_passed_on(c, row);
    find_subject(c, i, words, &said);
    if (whole || bb_names_row(c, i, &said)) return;
    for (size_t k = 0; k < said.n; k++) {
        bool sender = bb_is_sender(c, said.items[k].key);
        row->of_sender |= sender && !row->told; /* in its own words a report names the sender by the way */
        row->others |= !sender && r->n_rcpts > 1 && bb_row_with_key(c, said.items[k].key) != NULL;
    }
}
