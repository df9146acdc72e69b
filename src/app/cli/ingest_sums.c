/* SPDX-License-Identifier: MIT
 *
 * What an ingest run took in, in numbers and names.
 */
#include <inttypes.h>

#include "app/cli/cmd_ingest.h"

/* ---- counted ---------------------------------------------------------------------------------------------------- */

static bool vouched_for(cli *c, const bb_settled *s, bb_time at)
{
    bb_context policy;
    return cli_policy(c, s->list, &policy) && (bb_policy_at(&policy, at)->accept_trust & BB_ACCEPT(s->trust));
}

static void count_verdict(ingest_sums *n, cli *c, const bb_item *item, const bb_settled *s)
{
    const bb_claims *claims = item->claims;
    bool forged = claims->token_result == BB_TOKEN_WRONG_MAC || claims->token_result == BB_TOKEN_UNKNOWN_KEY;
    n->kinds[s->kind]++;
    if (s->subscriber && vouched_for(c, s, item->message->event_time)) return;
    if (forged) n->nobody[NOBODY_FORGED]++;
    else if (claims->token_result == BB_TOKEN_EXPIRED) n->nobody[NOBODY_EXPIRED]++;
    else n->nobody[s->subscriber ? NOBODY_UNVOUCHED : NOBODY_OURS]++;
}

void ingest_count(ingest *g, const bb_item *item)
{
    ingest_sums *n = &g->sums;
    if (item->result == BB_RESULT_DUPLICATE) {
        n->duplicates++;
    } else if (item->result == BB_RESULT_COUNTED) {
        n->counted++;
    } else if (item->result == BB_RESULT_REFUSED) {
        n->unreadable++;
        cli_warn(g->c, BB_FMT ": %s", BB_ARG(item->message->envelope.source), item->why);
    } else if (item->settled[0].unsubscribes) {
        n->unsubscriptions++;
    } else if (item->message->report.type == BB_REPORT_NONE) {
        n->other++;
    } else {
        n->reports++;
        for (size_t i = 0; i < item->message->n_verdicts; i++) count_verdict(n, g->c, item, &item->settled[i]);
    }
}

/* ---- told ------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *key, *text;
} nobody_words[NOBODY_REASONS] = {
    [NOBODY_UNVOUCHED] = {"not_vouched_for", "name a subscriber, but nobody vouches for them as his list demands"},
    [NOBODY_FORGED] = {"forged", "carry a return path that somebody made up"},
    [NOBODY_EXPIRED] = {"expired", "carry a return path that had expired"},
    [NOBODY_OURS] = {"not_ours", "are about nobody we know"},
};

static void put_counts(bb_json *j, const ingest_sums *n)
{
    bb_json_kint(j, "messages", (int64_t)n->messages);
    bb_json_kint(j, "reports", (int64_t)n->reports);
    bb_json_kint(j, "duplicates", (int64_t)n->duplicates);
    bb_json_kint(j, "counted_only", (int64_t)n->counted);
    bb_json_kint(j, "unsubscriptions", (int64_t)n->unsubscriptions);
    bb_json_kint(j, "other_mail", (int64_t)n->other);
    bb_json_kint(j, "unreadable", (int64_t)n->unreadable);
    bb_json_key(j, "kinds");
    bb_json_open(j, '{');
    for (size_t i = 0; i < BB_COUNT(n->kinds); i++) bb_json_kint(j, bb_kind_word((bb_kind)i), (int64_t)n->kinds[i]);
    bb_json_close(j, '}');
    bb_json_key(j, "acted_on_nobody");
    bb_json_open(j, '{');
    for (size_t i = 0; i < NOBODY_REASONS; i++) bb_json_kint(j, nobody_words[i].key, (int64_t)n->nobody[i]);
    bb_json_close(j, '}');
}

static void row(cli_table *t, uint64_t n, const char *text)
{
    if (!n) return;
    cli_cellf(t, "%" PRIu64, n);
    cli_cell(t, bb_cstr(text));
}

static void block(cli *c, cli_table *t, const char *title)
{
    if (!t->n) return;
    cli_print(c, "%s\n", title);
    cli_table_end(c, t, "  ");
}

static void show_counts(cli *c, const ingest_sums *n)
{
    cli_table t;
    cli_print(c, "read %s: ", cli_plural(&c->arena, (int64_t)n->messages, "message", "messages"));
    cli_print(c, "%s, ", cli_plural(&c->arena, (int64_t)n->reports, "new report", "new reports"));
    cli_print(c, "%s, ", cli_plural(&c->arena, (int64_t)n->duplicates, "duplicate", "duplicates"));
    if (n->unsubscriptions)
        cli_print(c, "%s, ", cli_plural(&c->arena, (int64_t)n->unsubscriptions, "unsubscription", "unsubscriptions"));
    cli_print(c, "%" PRIu64 " other mail", n->other);
    if (n->counted) cli_print(c, ", %" PRIu64 " counted only", n->counted);
    if (n->unreadable) cli_print(c, ", %" PRIu64 " unreadable", n->unreadable);
    cli_print(c, "\n");
    cli_table_begin(&t, &c->arena, NULL, 2);
    for (size_t i = 0; i < BB_COUNT(n->kinds); i++) row(&t, n->kinds[i], bb_kind_word((bb_kind)i));
    block(c, &t, "what the new reports say");
    cli_table_begin(&t, &c->arena, NULL, 2);
    for (size_t i = 0; i < NOBODY_REASONS; i++) row(&t, n->nobody[i], nobody_words[i].text);
    block(c, &t, "of these act on nobody");
}

bool ingest_tell(ingest *g, bool complete)
{
    cli *c = g->c;
    cli_json d;
    cli_json_begin(&d, &c->arena);
    put_counts(&d.j, &g->sums);
    if (!c->json) show_counts(c, &g->sums);
    cli_moves_merge(&g->sums.moves);
    if (!cli_moves_show(c, &g->sums.moves, &d.j, g->rehearsal ? "would move" : "moved")) return false;
    if (!cli_moves_show_would(c, &g->sums.would, &d.j)) return false;
    bb_json_key(&d.j, "dry_run");
    bb_json_bool(&d.j, g->rehearsal);
    bb_json_key(&d.j, "complete");
    bb_json_bool(&d.j, complete);
    if (c->json) cli_json_end(c, &d);
    else if (g->rehearsal) cli_print(c, "nothing was changed\n");
    return true;
}
