/* SPDX-License-Identifier: MIT
 *
 * Whom a report is about: first what return paths and recipients claim (questions to a store), then,
 * with the answers, who vouches for each verdict (docs/design.md section 3).
 */
#include <string.h>

#include "core/base/address.h"
#include "core/fact/fact.h"

/* ---- questions ----------------------------------------------------------------------------------- */

static bb_str key_of(bb_arena *a, bb_str address)
{
    bb_address read;
    return address.n && bb_address_read(a, address, &read, NULL) ? read.key : (bb_str){0};
}

static size_t ask(bb_arena *a, bb_claims *c, bb_lookup question)
{
    bb_lookup *slot = BB_PUSH(a, c->lookups, c->n_lookups, c->cap_lookups);
    if (!slot) return BB_NPOS;
    *slot = question;
    return c->n_lookups - 1;
}

static void read_names(bb_arena *a, const bb_message *m, bb_claims *c)
{
    for (size_t i = 0; i < m->report.n_rcpts && i < m->n_verdicts; i++) {
        const bb_rcpt_report *r = &m->report.rcpts[i];
        c->names[i] = (bb_names){key_of(a, r->recipient), key_of(a, r->original), key_of(a, r->final)};
    }
    bb_str to = m->report.original.to;
    for (int i = 0; i < 100; i++) { /* a newsletter's To names one; a forger's may name any number */
        bb_str key = key_of(a, bb_address_find(to, &to));
        if (!to.n && !key.n) break;
        bb_str *slot = key.n ? BB_PUSH(a, c->returned_to, c->n_returned_to, c->cap_returned_to) : NULL;
        if (slot) *slot = key;
    }
}

/* Does a MAC say whom it names? Nobody is named by the sender that a mailing's token makes before XVERP expands it. */
static bool is_vouched_for(const bb_return_path *p)
{
    return p->form == BB_FORM_SIGNED || p->form == BB_FORM_ENVID || p->form == BB_FORM_SIGNED_VERP ||
           (p->form == BB_FORM_MAILING && p->victim.n);
}

/* One to unsubscribe is for people: what answers by itself to what was sent from there asks for nothing. */
static bool may_tell(const bb_message *m, const bb_return_path *p)
{
    return is_vouched_for(p) || (p->form == BB_FORM_UNSUBSCRIBE && !m->automatic);
}

/* A verified token anywhere beats anything unverified; of tokens that fail, the first is the one to tell of. */
static void read_tokens(bb_arena *a, const bb_message *m, const bb_attribution *ctx, bb_claims *c)
{
    c->token_result = BB_TOKEN_MALFORMED;
    for (size_t i = 0; i < m->n_paths; i++) {
        if (!may_tell(m, &m->paths[i])) continue;
        bb_token token = {0};
        bb_time at = m->event_time != BB_NO_TIME ? m->event_time : 0;
        bb_token_result r = bb_return_path_verify(a, &ctx->keys, &m->paths[i], at, ctx->token_lifetime, &token);
        if (r == BB_TOKEN_OK || c->token_result == BB_TOKEN_MALFORMED) {
            c->token_result = r;
            c->token = token;
            c->path = &m->paths[i];
        }
        if (r == BB_TOKEN_OK) return;
    }
}

static bool is_from(const bb_list_view *l, const bb_return_path *p)
{
    if (!l->domain.n || !bb_ieq(l->domain, p->domain)) return false;
    return !p->base.n || !l->base.n || bb_ieq(l->base, p->base);
}

static bool list_takes(const bb_list_view *l, const bb_attribution *ctx, const bb_return_path *p)
{
    return (!ctx->only_list || l->id == ctx->only_list) && l->return_path == p->form && is_from(l, p);
}

/* An unsigned return path asks the lists that send such ones from that domain, and nobody else. */
static void ask_unsigned(bb_arena *a, const bb_attribution *ctx, const bb_return_path *p, bb_claims *c)
{
    uint64_t number = 0;
    bool is_id = bb_u64(p->number, &number) && number > 0 && number <= BB_SUBSCRIBER_MAX;
    for (size_t i = 0; i < ctx->n_lists; i++) {
        const bb_list_view *l = &ctx->lists[i];
        if (!list_takes(l, ctx, p)) continue;
        if (p->form == BB_FORM_VERP)
            ask(a, c, (bb_lookup){.by = BB_BY_ADDRESS, .list = l->id, .text = key_of(a, p->victim)});
        else if (!l->own_ids) ask(a, c, (bb_lookup){.by = BB_BY_EXTERNAL_ID, .list = l->id, .text = p->number});
        else if (is_id) ask(a, c, (bb_lookup){.by = BB_BY_ID, .list = l->id, .subscriber = number});
    }
}

/* A tag that says no mailing: on the lists that send such ones from there; where there is none any more, on those that
 * send other ones from there. */
static void ask_signing_lists(bb_arena *a, const bb_attribution *ctx, const bb_return_path *p, bb_str key, bb_claims *c)
{
    size_t before = c->n_lookups;
    for (int former = 0; former < 2 && c->n_lookups == before; former++)
        for (size_t i = 0; i < ctx->n_lists; i++) {
            const bb_list_view *l = &ctx->lists[i];
            if (is_from(l, p) && (former || l->return_path == p->form))
                ask(a, c, (bb_lookup){.by = BB_BY_ADDRESS, .list = l->id, .text = key});
        }
}

/* A token names its subscriber; a tag comes with his address, and its mailing says of which list. */
static void ask_signed(bb_arena *a, bb_message *m, const bb_attribution *ctx, bb_claims *c)
{
    const bb_return_path *p = c->path;
    bb_time minted = c->token.day * BB_DAY;
    bb_trust trust = p->form == BB_FORM_MAILING ? BB_TRUST_MAILING : BB_TRUST_SIGNED;
    c->by_token = true;
    c->token_trust = c->token_result == BB_TOKEN_OK ? trust : BB_TRUST_NONE;
    if (m->event_time != BB_NO_TIME && m->event_time < minted) m->event_time = minted;
    if (!p->victim.n) {
        ask(a, c, (bb_lookup){.by = BB_BY_ID, .subscriber = c->token.subscriber});
        return;
    }
    bb_str key = key_of(a, p->victim);
    if (c->token.mailing) ask(a, c, (bb_lookup){.by = BB_BY_MAILING, .mailing = c->token.mailing, .text = key});
    else ask_signing_lists(a, ctx, p, key, c);
}

/* One that is ours and expired is no valid source: it only says whom to show, where nothing else does. */
static void ask_by_path(bb_arena *a, bb_message *m, const bb_attribution *ctx, bb_claims *c)
{
    c->path_lookup = c->n_lookups;
    if (c->token_result == BB_TOKEN_OK) ask_signed(a, m, ctx, c);
    for (size_t i = 0; i < m->n_paths && !c->by_token && c->n_lookups == c->path_lookup; i++) {
        ask_unsigned(a, ctx, &m->paths[i], c);
        if (c->n_lookups > c->path_lookup) c->path = &m->paths[i];
    }
    if (c->token_result == BB_TOKEN_EXPIRED && c->n_lookups == c->path_lookup) ask_signed(a, m, ctx, c);
    c->n_path_lookups = c->n_lookups - c->path_lookup;
}

static bool is_own_notice(const bb_message *m, const bb_attribution *ctx)
{
    for (size_t i = 0; m->noticed_by.n && i < ctx->n_own_hosts; i++)
        if (bb_ieq(ctx->own_hosts[i], m->noticed_by)) return true;
    return false;
}

static size_t ask_address(bb_arena *a, const bb_attribution *ctx, bb_str key, bb_claims *c)
{
    return key.n ? ask(a, c, (bb_lookup){.by = BB_BY_ADDRESS, .list = ctx->only_list, .text = key}) : BB_NPOS;
}

bool bb_claims_make(bb_arena *a, bb_message *m, const bb_attribution *ctx, bb_claims *out)
{
    *out = (bb_claims){0};
    out->names = bb_get_array(a, m->n_verdicts, sizeof *out->names);
    out->rcpt_lookup = bb_get_array(a, m->n_verdicts, sizeof *out->rcpt_lookup);
    out->final_lookup = bb_get_array(a, m->n_verdicts, sizeof *out->final_lookup);
    if (!out->names || !out->rcpt_lookup || !out->final_lookup) return false;
    out->own_notice = is_own_notice(m, ctx);
    read_names(a, m, out);
    read_tokens(a, m, ctx, out);
    out->unsubscribes = out->token_result == BB_TOKEN_OK && out->path->form == BB_FORM_UNSUBSCRIBE;
    ask_by_path(a, m, ctx, out);
    for (size_t i = 0; i < m->n_verdicts; i++) {
        bb_str key = out->names[i].recipient, final = out->names[i].final;
        out->rcpt_lookup[i] = ask_address(a, ctx, key, out);
        out->final_lookup[i] = bb_eq(key, final) ? BB_NPOS : ask_address(a, ctx, final, out);
    }
    return !a->failed;
}

/* ---- answers --------------------------------------------------------------------------------------- */

static bool names(const bb_names *n, bb_str key)
{
    return bb_eq(n->recipient, key) || bb_eq(n->original, key) || bb_eq(n->final, key);
}

/* Of an address key. */
static bb_str domain_of(bb_str key)
{
    return bb_sub(key, bb_rchr(key, '@') + 1, BB_NPOS); /* BB_NPOS + 1 is 0 */
}

/* The same domain, or one within the other: a host of his provider's. */
static bool same_site(bb_str key, bb_str other)
{
    bb_str x = domain_of(key), y = domain_of(other);
    if (x.n < y.n) {
        bb_str longer = y;
        y = x;
        x = longer;
    }
    return y.n && bb_iends(x, y) && (x.n == y.n || x.p[x.n - y.n - 1] == '.');
}

/* It was sent to him, and failed where it went on to: at another site, which his own address is no worse for. */
static bool went_on(const bb_names *n, bb_str key)
{
    return n->final.n && !bb_eq(key, n->final) && !same_site(key, n->final);
}

/* Does the verdict name somebody other than the holder? Complaints come with the address blacked out (RFC 6590), as
 * "redacted" or as letters that are nobody's at his own domain; and where they name nobody themselves, what the
 * returned message's To says may be the list's own address. */
static bool names_somebody(const bb_message *m, const bb_claims *c, size_t i, bb_str key)
{
    const bb_names *n = &c->names[i];
    if (!n->recipient.n || bb_starts(n->recipient, BB_S("redacted@"))) return false;
    if (m->report.type != BB_REPORT_COMPLAINT) return true;
    bool known = c->rcpt_lookup[i] != BB_NPOS && c->lookups[c->rcpt_lookup[i]].found > 0;
    return n->original.n && (known || !bb_eq(domain_of(n->recipient), domain_of(key)));
}

static bool returned_to(const bb_claims *c, bb_str key)
{
    for (size_t i = 0; i < c->n_returned_to; i++)
        if (bb_eq(c->returned_to[i], key)) return true;
    return false;
}

static bool reported(const bb_message *m, const bb_claims *c, bb_str key)
{
    for (size_t i = 0; i < m->n_verdicts; i++)
        if (names(&c->names[i], key)) return true;
    return false;
}

static int severity(bb_kind k)
{
    static const int of[] = {
        [BB_KIND_COMPLAINT] = 7, [BB_KIND_HARD] = 6,      [BB_KIND_SOFT] = 5,      [BB_KIND_BLOCK] = 4,
        [BB_KIND_DELAYED] = 3,   [BB_KIND_DELIVERED] = 2, [BB_KIND_AUTOREPLY] = 1, [BB_KIND_OTHER] = 0};
    return of[k];
}

static void settle_on(bb_settled *out, bb_settled holder, bool forwarded)
{
    holder.kind = out->kind;
    holder.reason = out->reason;
    holder.forwarded = forwarded;
    *out = holder;
}

/* What was sent to an address went on to several, and arrived at one of them. */
static bool arrived(const bb_message *m, const bb_claims *c, bb_str key)
{
    for (size_t i = 0; i < m->n_verdicts; i++)
        if (m->verdicts[i].kind == BB_KIND_DELIVERED && names(&c->names[i], key)) return true;
    return false;
}

/* A soft that was final at once, and not before the message was seen (RCPT), may be the doing of the message, which a
 * stranger may have sent from an address of ours to have the notice come here: one with his Delivered-To or a hundred
 * Received lines is a loop (5.4.6), a large one fills his mailbox. What was tried for days until it was given up is no
 * such thing. */
static bool may_be_the_message(const bb_message *m, size_t i)
{
    static const bb_rcpt_report nobody;
    const bb_rcpt_report *r = i < m->report.n_rcpts ? &m->report.rcpts[i] : &nobody;
    return m->verdicts[i].kind == BB_KIND_SOFT && !bb_starts(r->status, BB_S("4.")) && !bb_eq(r->command, BB_S("RCPT"));
}

/* Our own Postfix tells of the address that it went to (Final-Recipient); Original-Recipient is what the sender said of
 * it (ORCPT), whoever that was. */
static bb_trust witnessed(const bb_message *m, const bb_claims *c, size_t i, bb_str key, bb_trust otherwise)
{
    bool names_him = c->own_notice && key.n && bb_eq(c->names[i].final, key);
    return names_him && !may_be_the_message(m, i) ? BB_TRUST_LOCAL : otherwise;
}

/* The verdicts that name him. What arrived for him under one address and failed under another arrived. */
static void settle_named(const bb_message *m, const bb_claims *c, bb_settled holder, bb_str key, bb_settled *out)
{
    bool came = arrived(m, c, key);
    for (size_t i = 0; i < m->n_verdicts; i++) {
        if (!names(&c->names[i], key) || (came && m->verdicts[i].kind != BB_KIND_DELIVERED)) continue;
        bb_settled who = holder;
        who.trust = witnessed(m, c, i, key, holder.trust);
        settle_on(&out[i], who, went_on(&c->names[i], key));
    }
}

/* The verdicts that speak of the holder of the return path. Where the report names only others, the mail was
 * forwarded or expanded on the way: the worst verdict counts for him, as a soft at most, and the addresses
 * that the text names are left alone. */
static void settle_holder(const bb_message *m, const bb_claims *c, bb_settled holder, bb_str key, bb_settled *out)
{
    bool somebody = false;
    size_t worst = 0;
    for (size_t i = 0; i < m->n_verdicts; i++) {
        somebody |= names_somebody(m, c, i, key);
        if (severity(m->verdicts[i].kind) > severity(m->verdicts[worst].kind)) worst = i;
    }
    if (reported(m, c, key)) settle_named(m, c, holder, key, out);
    else if (m->n_verdicts) settle_on(&out[worst], holder, somebody);
}

/* The one subscriber that the return path names, or -1. Several lists may send the same form from one domain:
 * then the addresses in the report tell which. */
static const bb_lookup *holder_of(const bb_message *m, const bb_claims *c)
{
    const bb_lookup *found = NULL, *named = NULL;
    size_t n_found = 0, n_named = 0;
    for (size_t i = c->path_lookup; i < c->path_lookup + c->n_path_lookups; i++) {
        const bb_lookup *l = &c->lookups[i];
        if (l->found != 1 || (l->list && l->found_list != l->list)) continue;
        found = l;
        n_found++;
        if (!reported(m, c, l->found_address) && !returned_to(c, l->found_address)) continue;
        named = l;
        n_named++;
    }
    if (n_named == 1) return named;
    return n_found == 1 ? found : NULL;
}

static bb_trust trust_of(const bb_message *m, const bb_claims *c, const bb_lookup *holder)
{
    if (c->by_token) return c->token_trust;
    return reported(m, c, holder->found_address) || returned_to(c, holder->found_address) ? BB_TRUST_PLAIN
                                                                                          : BB_TRUST_NONE;
}

/* Who is named: by the address that it was sent to; where nobody has that, by the one that it went to. */
static const bb_lookup *named_in(const bb_claims *c, size_t i)
{
    size_t at = c->rcpt_lookup[i];
    if (c->final_lookup[i] != BB_NPOS && (at == BB_NPOS || !c->lookups[at].found)) at = c->final_lookup[i];
    return at != BB_NPOS && c->lookups[at].found == 1 ? &c->lookups[at] : NULL;
}

static void settle_inferred(const bb_message *m, const bb_claims *c, bb_settled *out)
{
    for (size_t i = 0; i < m->n_verdicts; i++) {
        const bb_lookup *l = named_in(c, i);
        if (!l) continue;
        bb_str key = l->found_address;
        if (m->verdicts[i].kind != BB_KIND_DELIVERED && arrived(m, c, key)) continue;
        out[i].subscriber = l->found_id;
        out[i].list = l->found_list;
        out[i].trust = witnessed(m, c, i, key, BB_TRUST_INFERRED);
        out[i].forwarded = went_on(&c->names[i], key);
    }
}

void bb_claims_settle(const bb_message *m, const bb_claims *c, bb_settled *out)
{
    bool forged = c->token_result == BB_TOKEN_WRONG_MAC && c->n_path_lookups == 0;
    /* what was sent to see whether it comes back says nothing about anybody */
    bool probe = c->by_token && c->path && bb_return_path_is_probe(c->path);
    for (size_t i = 0; i < m->n_verdicts; i++) {
        out[i] = (bb_settled){.kind = m->verdicts[i].kind, .reason = m->verdicts[i].reason};
        if (!forged && !probe) continue;
        out[i].kind = BB_KIND_OTHER;
        out[i].reason = forged ? BB_REASON_backscatter : BB_REASON_undefined;
    }
    if (forged || probe) return;
    const bb_lookup *holder = holder_of(m, c);
    if (holder) {
        bb_settled who = {.subscriber = holder->found_id,
                          .list = holder->found_list,
                          .mailing = c->by_token ? c->token.mailing : 0,
                          .trust = trust_of(m, c, holder)};
        settle_holder(m, c, who, holder->found_address, out);
        if (m->n_verdicts) out[0].unsubscribes = c->unsubscribes; /* which is no report, and has one verdict */
    } else if (c->token_result != BB_TOKEN_OK) {
        settle_inferred(m, c, out);
    }
}
