/* SPDX-License-Identifier: MIT
 *
 * Which of the addresses in prose are the recipients that failed, and which are senders, contacts and
 * others: told by where an address stands and by the words before it.
 */
#include "core/report/internal.h"

#include <string.h>

#define CONTEXT 100 /* bytes before an address that speak about it */

/* "Not delivered to the following recipients:" and an empty line: it still speaks of what comes. */
static bool announces_list(bb_str text)
{
    text = bb_trim(text);
    return bb_iends(text, BB_S(":")) || bb_iends(text, BB_S("\xEF\xBC\x9A"));
}

/* The text that leads up to `at`: in its own paragraph, behind the address before it. */
static bb_str lead(bb_str prose, size_t at, size_t behind_last)
{
    size_t from = at > CONTEXT ? at - CONTEXT : 0;
    if (from < behind_last) from = behind_last;
    bb_str text = bb_sub(prose, from, at - from);
    size_t gap = BB_NPOS;
    for (size_t i = 0; i + 1 < text.n; i++)
        if (text.p[i] == '\n' && text.p[i + 1] == '\n' && !announces_list(bb_sub(text, 0, i))) gap = i + 2;
    return gap == BB_NPOS ? text : bb_sub(text, gap, BB_NPOS);
}

/* What the nearest of the words before an address makes of it; of two that end together the longer. */
int bb_context_before(const bb_ctx *c, bb_str text)
{
    bb_phrase_scan s = bb_phrases(&c->found, text, BB_WORDS_CONTEXTS);
    bb_phrase_hit hit;
    size_t end = 0;
    int said = BB_CONTEXT_UNSAID;
    while (bb_phrase_next(&s, &hit)) {
        size_t to = hit.at + hit.len;
        bool whole = to == text.n || !bb_is_alnum(text.p[to]) || !bb_is_alnum(text.p[to - 1]);
        if (!whole && (unsigned char)text.p[hit.at] < 0x80) continue;
        if (hit.at && text.p[hit.at - 1] == '/') continue; /* of a link: "http://example.net/help" */
        if (to <= end) continue;
        end = to;
        said = hit.sense;
    }
    return said;
}

/* "550 5.1.1 <a@example.net>: no such user": the reply names whom it refuses. */
static bool named_in_reply(bb_str text)
{
    size_t lf = bb_rchr(text, '\n');
    bb_str line = lf == BB_NPOS ? text : bb_sub(text, lf + 1, BB_NPOS);
    return bb_reply_code(line) != 0;
}

static bool is_function(bb_str address)
{
    static const char *const locals[] = {"postmaster@", "mailer-daemon@", "abuse@",
                                         "hostmaster@", "noreply@",       "no-reply@"};
    for (size_t i = 0; i < BB_COUNT(locals); i++)
        if (bb_begins(address, locals[i])) return true;
    return false;
}

static bool in_path(bb_str address)
{
    return bb_starts(address, BB_S("/")) || bb_find(address, BB_S("//")) != BB_NPOS || bb_chr(address, '?') != BB_NPOS;
}

typedef struct {
    bb_str address;
    int rank;
    bool sender; /* or another who is no recipient as a rule */
} mention;

static int rank(const bb_ctx *c, bb_str prose, bb_str address, size_t behind_last, bool head)
{
    bb_str before = lead(prose, (size_t)(address.p - prose.p), behind_last);
    int said = bb_context_before(c, before);
    if (in_path(address)) return BB_CONTEXT_NOT;
    if (head) return said == BB_CONTEXT_NOT ? BB_CONTEXT_UNSAID : BB_CONTEXT_LISTED;
    if (said == BB_CONTEXT_NOT || is_function(address)) return BB_CONTEXT_NOT;
    if (said < BB_CONTEXT_MEANT && named_in_reply(before)) return BB_CONTEXT_NAMED;
    return said;
}

typedef struct {
    bb_ctx *c;
    bb_str prose;
    mention *items;
    size_t n, cap;
} mentions;

static bool note(mentions *all, bb_str address, size_t behind_last, bool head)
{
    if (all->n >= 4 * all->c->opt->max_rcpts) {
        all->c->r->truncated = "max_rcpts";
        return false;
    }
    mention *m = BB_PUSH(all->c->a, all->items, all->n, all->cap);
    if (!m) return false;
    *m = (mention){.address = address, .rank = rank(all->c, all->prose, address, behind_last, head)};
    m->sender = bb_is_not_rcpt(all->c, address);
    return true;
}

/* Does a text end, or only go on with another address, behind one? "a@b, who was told" and "a@b was reached" do not. */
static bool ends_item(bb_str behind)
{
    size_t n = 0;
    while (n < behind.n && behind.p[n] && strchr(">)]\"' \t", behind.p[n])) n++;
    return n == behind.n || behind.p[n] == '\n' || behind.p[n] == ',' || behind.p[n] == ';';
}

/* "Recipients: a@b, c@d": of an enumeration behind a colon only the first has words before it. */
static bool goes_on(bb_str between)
{
    bool separated = false;
    for (size_t i = 0; i < between.n; i++) {
        if (!strchr("<>()[]\"', ;\t\n", between.p[i]) || !between.p[i]) return false;
        separated |= between.p[i] == ',' || between.p[i] == ';';
    }
    return separated && bb_find(between, BB_S("\n\n")) == BB_NPOS;
}

static bool opens_list(bb_str before)
{
    before = bb_trim(before);
    if (bb_iends(before, BB_S("<"))) before = bb_trim(bb_sub(before, 0, before.n - 1));
    return announces_list(before);
}

/* All addresses of the prose, ranked: those that head a block, then those that stand anywhere. */
static void collect(mentions *all)
{
    bb_str rest = all->prose, address;
    bb_block block;
    size_t behind_last = 0, head = 0, heads;
    int listed = BB_CONTEXT_UNSAID; /* the rank of the enumeration that we are in */
    while (bb_block_next(all->c, &rest, &block) && note(all, block.address, 0, true)) {
    }
    heads = all->n;
    for (rest = all->prose; !bb_empty(address = bb_address_find(rest, &rest));) {
        if (!note(all, address, behind_last, false)) return;
        mention *m = &all->items[all->n - 1];
        size_t at = (size_t)(address.p - all->prose.p);
        bb_str before = bb_sub(all->prose, behind_last, at - behind_last);
        behind_last = at + address.n;
        bool item = ends_item(bb_sub(all->prose, behind_last, BB_NPOS)), more = item && goes_on(before);
        if (more && m->rank == BB_CONTEXT_UNSAID) m->rank = listed;
        while (head < heads && all->items[head].address.p < address.p) head++;
        bool is_head = head < heads && all->items[head].address.p == address.p;
        int rank = is_head ? all->items[head].rank : m->rank;
        if (!more) listed = item && opens_list(before) ? rank : BB_CONTEXT_UNSAID;
    }
}

static size_t add_ranked(const mentions *all, int least, bool senders)
{
    size_t before = all->c->r->n_rcpts;
    for (size_t i = 0; i < all->n; i++)
        if (all->items[i].rank >= least && all->items[i].sender == senders) bb_row(all->c, all->items[i].address);
    return all->c->r->n_rcpts - before;
}

static bool spoken_against(const mentions *all, const mention *m)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->items[i].rank == BB_CONTEXT_NOT && bb_ieq(all->items[i].address, m->address)) return true;
    return false;
}

/* One address that nothing speaks against is the one meant; several are not known apart. */
static const mention *the_only(const mentions *all)
{
    const mention *only = NULL;
    for (size_t i = 0; i < all->n; i++) {
        const mention *m = &all->items[i];
        if (m->rank == BB_CONTEXT_NOT || m->sender || (only && bb_ieq(only->address, m->address))) continue;
        if (only) return NULL;
        only = m;
    }
    return only && !spoken_against(all, only) ? only : NULL;
}

/* "... could not be delivered:" and below it a bare name: a provider writes to its own users so. */
static size_t add_local(bb_ctx *c, bb_str prose)
{
    bb_str line, local, domain;
    bool announced = false;
    size_t added = 0;
    if (!bb_address_split(c->from, &local, &domain)) return 0;
    while (bb_line(&prose, &line)) {
        bb_str word = bb_trim(line);
        size_t n = 0;
        while (n < word.n && (bb_is_alnum(word.p[n]) || bb_chr(BB_S("._-+"), word.p[n]) != BB_NPOS)) n++;
        if (announced && n && n == word.n && line.p[0] != word.p[0])
            added += bb_row(c, bb_sprintf(c->a, BB_FMT "@" BB_FMT, BB_ARG(word), BB_ARG(domain))) != NULL;
        else if (!bb_empty(word))
            announced =
                word.p[word.n - 1] == ':' && bb_phrases_in(&c->found, word, BB_WORDS_ANNOUNCED) & BB_SAYS_FAILED;
    }
    return added;
}

bool bb_mentions_any(bb_ctx *c, bb_str prose)
{
    mentions all = {.c = c, .prose = prose};
    collect(&all);
    for (size_t i = 0; i < all.n; i++)
        if (all.items[i].rank >= BB_CONTEXT_NAMED && !all.items[i].sender && !spoken_against(&all, &all.items[i]))
            return true;
    const mention *only = the_only(&all);
    return only != NULL;
}

size_t bb_mentions_add(bb_ctx *c, bb_str prose)
{
    mentions all = {.c = c, .prose = prose};
    size_t added = 0;
    collect(&all);
    for (int least = BB_CONTEXT_LISTED; least >= BB_CONTEXT_NAMED && !added; least--)
        added = add_ranked(&all, least, false);
    /* People write to themselves, too: a sender counts where he alone is listed. */
    if (!added) added = add_ranked(&all, BB_CONTEXT_LISTED, true);
    const mention *only = added ? NULL : the_only(&all);
    if (only && bb_row(c, only->address)) added = 1;
    return added ? added : add_local(c, prose);
}
