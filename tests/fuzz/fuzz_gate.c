/* SPDX-License-Identifier: MIT
 *
 * Fuzz: what a client says at RCPT, and whose mail the configuration means: six lines. Mail that is none of ours passes,
 * whatever anybody says, and a refusal is a line that access(5) knows.
 */
#include <sodium.h>

#include "core/base/address.h"
#include "core/gate/gate.h"
#include "fuzz.h"
#include "tap.h"

static const bb_key key = {.id = 7, .secret = "a secret of thirty-two octets.."};

static void check_refusal(const bb_gate_answer *got)
{
    bb_str code = got->cause == BB_REFUSAL_UNKNOWN_KEY ? BB_S("451 4.7.1 ") : BB_S("550 5.7.1 ");
    MUST(got->cause > BB_REFUSAL_NONE && got->cause < BB_REFUSAL_COUNT && bb_starts(got->action, code));
    MUST(got->action.n < 500 && bb_chr(got->action, '\n') == BB_NPOS);
}

static void check(bb_arena *a, const bb_gate *g, const bb_gate_request *r)
{
    bb_gate_answer got;
    bb_return_path path;
    bb_address address;
    MUST(bb_gate_judge(a, g, r, &got));
    bool could_be = bb_return_path_read(a, r->recipient, &path) && path.token.n;
    switch (got.verdict) {
    case BB_GATE_PASS: MUST(!got.cause && !got.action.n); break;
    case BB_GATE_REFUSE:
        check_refusal(&got);
        MUST(could_be && got.cause != BB_REFUSAL_SUPPRESSED && (g->null_only || got.cause != BB_REFUSAL_SENDER));
        break;
    case BB_GATE_LOOK:
        MUST(g->n_networks || g->n_senders);
        MUST(bb_address_read(a, r->recipient, &address, NULL) && bb_eq(address.key, got.key));
        break;
    }
}

/* Standings as the octets say; nobody is refused who did not bounce. */
static void check_suppression(bb_arena *a, bb_str octets)
{
    bb_gate_standing all[8] = {0};
    size_t n = octets.n < 8 ? octets.n : 8;
    bool bounced = false;
    for (size_t i = 0; i < n; i++) {
        unsigned char o = (unsigned char)octets.p[i];
        all[i] = (bb_gate_standing){.list = octets,
                                    .status = (bb_status)(o % 5),
                                    .since = (o >> 3) * BB_DAY,
                                    .mailed = o & 1,
                                    .bounced = (o & 7) * BB_DAY,
                                    .reason = (bb_reason)o};
        bounced |= all[i].status == BB_STATUS_BOUNCED;
    }
    bb_gate_answer got;
    MUST(bb_gate_suppress(a, all, n, &got));
    MUST(bounced || got.verdict == BB_GATE_PASS);
    if (got.verdict == BB_GATE_REFUSE) MUST(got.cause == BB_REFUSAL_SUPPRESSED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bb_arena a;
    bb_str rest = {(const char *)data, size}, lines[6] = {0};
    bb_network *networks = NULL;
    bb_str *senders = NULL;
    bb_err err;
    const bb_str domains[] = {BB_S("b.example"), BB_S("xn--rck-hoa.example")};
    bb_gate g = {.keys = {&key, 1}, .token_lifetime = 30 * BB_DAY, .domains = domains, .n_domains = 2};
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    for (size_t i = 0; i < BB_COUNT(lines) && bb_split(&rest, '\n', &lines[i]); i++) {
    }
    bb_gate_request r = {lines[0], lines[1], lines[2], lines[3], (bb_time)size * BB_DAY};
    check(&a, &g, &r);
    if (bb_networks_read(&a, lines[4], &networks, &g.n_networks, &err)) g.networks = networks;
    else g.n_networks = 0;
    if (bb_senders_read(&a, lines[5], &senders, &g.n_senders, &err)) g.senders = senders;
    else g.n_senders = 0;
    g.null_only = size & 1;
    check(&a, &g, &r);
    check_suppression(&a, lines[0]);
    bb_arena_free(&a);
    return 0;
}
