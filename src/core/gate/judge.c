/* SPDX-License-Identifier: MIT
 *
 * The judgement: a return path by its token, anybody else by how his address stands.
 */
#include "core/base/address.h"
#include "core/gate/gate.h"

static bool refuse(bb_arena *a, bb_refusal cause, bb_str action, bb_gate_answer *out)
{
    *out = (bb_gate_answer){.verdict = BB_GATE_REFUSE, .cause = cause, .action = action};
    return !a->failed;
}

/* "2026-11-24" */
static const char *date(bb_time t, char out[BB_TIME_LEN])
{
    bb_time_str(t, out);
    if (out[0]) out[10] = '\0';
    return out;
}

/* ---- return paths ---------------------------------------------------------------------------------- */

static bool is_ours(bb_arena *a, const bb_gate *g, bb_str domain)
{
    bb_address read;
    if (!domain.n || !bb_address_read(a, bb_cat(a, BB_S("x@"), domain, BB_S("")), &read, NULL)) return false;
    for (size_t i = 0; i < g->n_domains; i++)
        if (bb_eq(g->domains[i], read.domain)) return true;
    return false;
}

static bool judge_token(bb_arena *a, const bb_gate *g, const bb_gate_request *r, const bb_return_path *p,
                        bb_gate_answer *out)
{
    char day[BB_TIME_LEN];
    bb_token token = {0};
    int64_t lifetime = g->token_lifetime ? g->token_lifetime + BB_GATE_GRACE : 0;
    switch (bb_return_path_verify(a, &g->keys, p, r->now, lifetime, &token)) {
    case BB_TOKEN_OK:
        if (!g->null_only || !r->sender.n || p->form == BB_FORM_UNSUBSCRIBE) return true;
        return refuse(a, BB_REFUSAL_SENDER, BB_S("550 5.7.1 this address takes reports from the null sender only"),
                      out);
    case BB_TOKEN_MALFORMED: return true; /* unsigned, or damaged: it speaks for nobody */
    case BB_TOKEN_UNKNOWN_KEY:
        return refuse(a, BB_REFUSAL_UNKNOWN_KEY,
                      BB_S("451 4.7.1 the key that signed this return path is not known here, try again later"), out);
    case BB_TOKEN_WRONG_MAC:
        return refuse(a, BB_REFUSAL_WRONG_MAC, BB_S("550 5.7.1 not a return path of ours: its signature is wrong"),
                      out);
    case BB_TOKEN_EXPIRED:
        return refuse(a, BB_REFUSAL_EXPIRED,
                      bb_sprintf(a, "550 5.7.1 this return path expired on %s",
                                 date(token.day * BB_DAY + g->token_lifetime, day)),
                      out);
    }
    return true;
}

/* ---- everybody else ---------------------------------------------------------------------------------- */

static bool is_wanted(bb_arena *a, const bb_gate *g, const bb_gate_request *r)
{
    return bb_networks_have(g->networks, g->n_networks, r->client_address) ||
           bb_senders_have(a, g->senders, g->n_senders, r->sender, r->login);
}

bool bb_gate_judge(bb_arena *a, const bb_gate *g, const bb_gate_request *r, bb_gate_answer *out)
{
    bb_return_path path;
    bb_address to;
    *out = (bb_gate_answer){.verdict = BB_GATE_PASS};
    if (bb_return_path_read(a, r->recipient, &path) && is_ours(a, g, path.domain))
        return judge_token(a, g, r, &path, out) && !a->failed;
    if (!is_wanted(a, g, r) || !bb_address_read(a, r->recipient, &to, NULL)) return !a->failed;
    *out = (bb_gate_answer){.verdict = BB_GATE_LOOK, .key = to.key};
    return !a->failed;
}

/* ---- suppression ------------------------------------------------------------------------------------- */

bool bb_gate_suppress(bb_arena *a, const bb_gate_standing *standings, size_t n, bb_gate_answer *out)
{
    char day[BB_TIME_LEN];
    const bb_gate_standing *last = NULL;
    *out = (bb_gate_answer){.verdict = BB_GATE_PASS};
    for (size_t i = 0; i < n; i++)
        if (standings[i].status == BB_STATUS_BOUNCED && (!last || standings[i].bounced > last->bounced))
            last = &standings[i];
    if (!last) return true;
    for (size_t i = 0; i < n; i++) {
        const bb_gate_standing *s = &standings[i];
        bool mailable = s->mailed && (s->status == BB_STATUS_ACTIVE || s->status == BB_STATUS_QUARANTINED);
        if (mailable && s->since > last->bounced) return true;
    }
    return refuse(a, BB_REFUSAL_SUPPRESSED,
                  bb_sprintf(a, "550 5.7.1 suppressed by bouncebox: bounced on %s (%s), list " BB_FMT,
                             date(last->bounced, day), last->by_hand ? "set by hand" : bb_reason_text(last->reason),
                             BB_ARG(last->list)),
                  out);
}
