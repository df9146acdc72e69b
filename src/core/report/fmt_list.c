/* SPDX-License-Identifier: MIT
 *
 * A list manager that did not pass a post on: it writes in the list's own name ("club-admin@", "club-owner@"), says in its
 * first sentences that who wrote is no member, and names the list. What follows explains commands and other addresses.
 */
#include "core/report/internal.h"

static bool is_manager(bb_str address)
{
    static const bb_str ends[] = {BB_ROW("-admin"), BB_ROW("-owner"), BB_ROW("-request"), BB_ROW("-bounces"),
                                  BB_ROW("-ctl")};
    static const char *const names[] = {"majordomo", "listserv", "mailman", "sympa", "listmaster", "fml"};
    bb_str local, domain;
    if (!bb_address_split(address, &local, &domain)) return false;
    for (size_t i = 0; i < BB_COUNT(ends); i++)
        if (bb_iends(local, ends[i])) return true;
    for (size_t i = 0; i < BB_COUNT(names); i++)
        if (bb_is(local, names[i])) return true;
    return false;
}

/* Not to be a member is news only where a post was refused: lists answer commands and tell their rules, too. */
static bool refuses(const bb_ctx *c, bb_str words)
{
    static const char *const signs[] = {"not a member of", "are not member", "not subscribed to"};
    if (!c->returned && !(c->signs & (BB_SIGN_TEXT | BB_SIGN_SUBJECT))) return false;
    if (bb_phrases_in(&c->found, words, BB_WORDS_ANNOUNCED) & BB_SAYS_CLOSED) return true;
    for (size_t i = 0; i < BB_COUNT(signs); i++)
        if (bb_ifind(words, bb_cstr(signs[i])) != BB_NPOS) return true;
    return false;
}

/* The list that a paragraph names, beside those who run it, or that the message was for which came back. */
static bb_rcpt_report *list_of(bb_ctx *c, bb_str words)
{
    for (bb_str address; !bb_empty(address = bb_address_find(words, &words));)
        if (!is_manager(address) && !bb_is_not_rcpt(c, address)) return bb_row(c, address);
    bb_rows_from_returned(c);
    return c->r->n_rcpts ? c->r->rcpts : NULL;
}

/* The first paragraph, and the one behind it where that only says that a post was refused ("... for these reasons:"). */
static bb_str opening(const bb_ctx *c)
{
    bb_str words = bb_trim(bb_sub(c->r->text, 0, 400)), gap = BB_S("\n\n");
    size_t end = bb_find(words, gap);
    if (end == BB_NPOS) return words;
    bb_str first = bb_sub(words, 0, end);
    bool announces =
        bb_iends(bb_trim(first), BB_S(":")) || bb_phrases_in(&c->found, first, BB_WORDS_ANNOUNCED) & BB_SAYS_FAILED;
    if (!announces) return first;
    size_t next = bb_find(bb_sub(words, end + gap.n, BB_NPOS), gap);
    return next == BB_NPOS ? words : bb_sub(words, 0, end + gap.n + next);
}

bool bb_fmt_list(bb_ctx *c)
{
    if (!is_manager(c->from) || c->signs & BB_SIGN_REPLY) return false;
    bb_str first = opening(c);
    bb_rcpt_report *row = refuses(c, first) ? list_of(c, first) : NULL;
    if (!row) return false;
    bb_row_words(c, row, first);
    row->action = BB_ACTION_FAILED;
    return true;
}
