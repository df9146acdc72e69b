/* SPDX-License-Identifier: MIT
 *
 * products: what refusals speak of, times what they say of it. Of a recipient, "does not exist" and its like are hard; of a
 * server, a file, a key, an IP address or whoever sends, the same words never are, however they are put.
 */
#include "core/classify/classify.h"
#include "tap.h"

static const char *const recipients[] = {"user",      "recipient", "mailbox",       "account",          "address",
                                         "addressee", "receiver",  "email address", "recipient address"};

static const char *const others[] = {"sender",
                                     "sender address",
                                     "sender's mailbox",
                                     "envelope sender",
                                     "sending account",
                                     "your address",
                                     "your account",
                                     "your mailbox",
                                     "your domain",
                                     "your IP",
                                     "your server",
                                     "your hostname",
                                     "sender domain",
                                     "IP address",
                                     "client host",
                                     "HELO name",
                                     "mail from address",
                                     "bounce address",
                                     "return path",
                                     "From address",
                                     "reply-to address",
                                     "authenticated user",
                                     "account used to send",
                                     "attachment",
                                     "attached file",
                                     "file name",
                                     "certificate",
                                     "key",
                                     "signature",
                                     "password",
                                     "relay",
                                     "route",
                                     "mail server",
                                     "DNS server",
                                     "lookup server",
                                     "database",
                                     "table",
                                     "backend",
                                     "policy",
                                     "rule",
                                     "message",
                                     "message id",
                                     "subject",
                                     "header",
                                     "charset",
                                     "URL",
                                     "link",
                                     "session",
                                     "command",
                                     "service",
                                     "queue",
                                     "spool",
                                     "store",
                                     "volume",
                                     "transport",
                                     "filter",
                                     "sieve script",
                                     "alias file",
                                     "mailbox format",
                                     "mailbox server",
                                     "user's quota",
                                     "recipient's server",
                                     "forwarding address",
                                     "auto-reply address",
                                     "license"};

static const char *const missing[] = {"is unknown",    "was not found", "could not be found", "does not exist",
                                      "doesn't exist", "is invalid",    "no longer exists"};

static const char *const over[] = {"is disabled", "has been disabled", "is inactive", "has been deactivated"};

static const char *const more[] = {"unknown",
                                   "not found",
                                   "invalid",
                                   "is not known here",
                                   "not valid",
                                   "nonexistent",
                                   "does not exist here",
                                   "is no longer in use",
                                   "has expired",
                                   "has been deleted",
                                   "has been removed",
                                   "is no longer available",
                                   "is not local",
                                   "no longer valid",
                                   "not recognized",
                                   "suspended"};

/* Said without a subject they are of the recipient ("550 Disabled by administrator"). */
static const char *const ended[] = {"suspended by the administrator", "was disabled by the administrator",
                                    "deactivated by an operator", "has been closed due to inactivity"};

static const char *const doings[] = {"delivery", "mail flow", "connection", "transaction", "submission", "campaign"};

static bb_arena arena;
static bb_rules *rules;

static bool is_hard(const char *code, const char *what, const char *said)
{
    bb_arena_reset(&arena);
    bb_evidence e = {.action = BB_ACTION_FAILED, .diagnostic = bb_sprintf(&arena, "%s The %s %s", code, what, said)};
    return bb_classify(rules, &arena, &e).kind == BB_KIND_HARD;
}

/* How many of the phrases are hard; the first that is otherwise than wanted is named. */
static size_t hard(const char *what, const char *const *said, size_t n, bool wanted)
{
    static const char *const codes[] = {"550", "550 5.7.1"};
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < (wanted ? 1 : BB_COUNT(codes)); k++) {
            bool is = is_hard(codes[k], what, said[i]);
            found += is;
            if (is != wanted) tap_note("%s The %s %s", codes[k], what, said[i]);
        }
    return found;
}

int main(void)
{
    bb_err err;
    rules = bb_rules_open(&tap_alloc, NULL, &err);
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    for (size_t i = 0; i < BB_COUNT(recipients); i++) {
        is_int(hard(recipients[i], missing, BB_COUNT(missing), true), BB_COUNT(missing), "%s: missing", recipients[i]);
        is_int(hard(recipients[i], over, BB_COUNT(over), true), BB_COUNT(over), "%s: over", recipients[i]);
    }
    for (size_t i = 0; i < BB_COUNT(others); i++) {
        size_t found = hard(others[i], missing, BB_COUNT(missing), false) +
                       hard(others[i], over, BB_COUNT(over), false) + hard(others[i], more, BB_COUNT(more), false) +
                       hard(others[i], ended, BB_COUNT(ended), false);
        is_int(found, 0, "%s: never hard", others[i]);
    }
    for (size_t i = 0; i < BB_COUNT(doings); i++)
        is_int(hard(doings[i], ended, BB_COUNT(ended), false), 0, "%s: never hard", doings[i]);
    bb_arena_free(&arena);
    bb_rules_free(&rules);
    return tap_done();
}
