/* SPDX-License-Identifier: MIT
 *
 * Fuzz: what a stranger sends, whatever it says, is vouched for by nobody: neither as a file, nor as smtpd hands it over,
 * nor as local(8) passes it on. Of what our own Postfix wrote only the address that it went to is believed. The store
 * answers every question as badly as it can: there is always somebody.
 */
#include <sodium.h>

#include "core/fact/fact.h"
#include "fuzz.h"
#include "tap.h"

#define STAMP "; Mon, 2 Nov 2026 10:00:00 +0000 (UTC)\n"
#define SMTPD "Received: from x.example (x.example [192.0.2.1])\n\tby mail.example.com (Postfix) with SMTP id 4A2" STAMP
#define OWN   "Received: by mail.example.com (Postfix)\n\tid 4A2B" STAMP

static const bb_str own_hosts[] = {{"mail.example.com", 16}};
static const bb_key key = {.id = 1, .secret = "a secret of thirty-two octets.."};
static const bb_list_view lists[] = {
    {.id = 1, .return_path = BB_FORM_SIGNED, .domain = {"example.com", 11}},
    {.id = 2, .return_path = BB_FORM_PLAIN, .domain = {"example.com", 11}},
    {.id = 3, .return_path = BB_FORM_VERP, .domain = {"example.com", 11}, .base = {"n", 1}},
    {.id = 4, .return_path = BB_FORM_SIGNED_VERP, .domain = {"example.com", 11}, .base = {"m", 1}},
};
static bb_rules *rules; /* read-only once compiled, and the same for every input */

static void answer(bb_lookup *l)
{
    l->found = 1;
    l->found_id = l->by == BB_BY_ID ? l->subscriber : 7;
    l->found_list = l->list ? l->list : 1;
    l->found_address = l->by == BB_BY_ADDRESS || l->by == BB_BY_MAILING ? l->text : BB_S("ann@example.net");
}

/* How far each verdict is believed of what stands below the lines. */
static void settle(bb_arena *a, const char *lines, bb_str bytes, bool handed_over, bool sent)
{
    bb_message m;
    bb_claims c;
    bb_str mail = bb_cat(a, bb_cstr(lines), bytes, (bb_str){0});
    bb_envelope env = {
        .source = BB_S("fuzz#1"), .from_line = BB_NO_TIME, .received = 1800000000, .handed_over = handed_over};
    bb_reader reader = {.rules = rules};
    bb_attribution ctx = {.keys = {&key, 1},
                          .token_lifetime = 30 * BB_DAY,
                          .lists = lists,
                          .n_lists = BB_COUNT(lists),
                          .own_hosts = own_hosts,
                          .n_own_hosts = BB_COUNT(own_hosts)};
    MUST(bb_message_read(a, mail, &env, &reader, &m) && bb_claims_make(a, &m, &ctx, &c));
    for (size_t i = 0; i < c.n_lookups; i++) answer(&c.lookups[i]);
    bb_settled *settled = bb_get_array(a, m.n_verdicts, sizeof *settled);
    MUST(settled);
    bb_claims_settle(&m, &c, settled);
    if (sent) MUST(!m.noticed_by.n && !c.own_notice);
    MUST(c.token_result != BB_TOKEN_OK && !c.unsubscribes);
    for (size_t i = 0; i < m.n_verdicts; i++) {
        const bb_settled *s = &settled[i];
        MUST(!s->unsubscribes && s->trust != BB_TRUST_SIGNED && s->trust != BB_TRUST_MAILING);
        if (s->trust != BB_TRUST_LOCAL) continue;
        MUST(!sent && s->subscriber && !s->forwarded && i < m.report.n_rcpts && m.report.rcpts[i].final.n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!rules) rules = bb_rules_compile(&tap_alloc, bb_rules_builtin, bb_rules_builtin_count, NULL);
    MUST(rules && sodium_init() >= 0);
    static const struct {
        const char *lines;
        bool handed_over, sent;
    } ways[] = {{"", false, true}, {SMTPD, true, true}, {OWN SMTPD, true, true}, {OWN, true, false}};
    for (size_t i = 0; i < BB_COUNT(ways); i++) {
        bb_arena a;
        bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
        settle(&a, ways[i].lines, (bb_str){(const char *)data, size}, ways[i].handed_over, ways[i].sent);
        bb_arena_free(&a);
    }
    return 0;
}
