/* SPDX-License-Identifier: MIT
 *
 * deliver: one message on standard input, as Postfix's pipe(8) hands it over. It answers 0 once the message is stored
 * durably, and EX_TEMPFAIL for everything else: Postfix then keeps the message and tries again, whereas most other codes
 * would make it throw away a bounce, which nobody would hear of.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "app/cli/cli.h"

#define PATIENCE 30 /* seconds for a database that somebody else writes to */

static bool open_store(cli *c)
{
    double end = bb_os_monotonic() + PATIENCE;
    while (!cli_open_store(c, BB_STORE_WRITE)) {
        if (c->err.code != BB_EBUSY || bb_os_monotonic() >= end) return false;
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    return true;
}

static bool store(cli *c, const bb_reader *reader, const bb_attribution *attribution, bb_str bytes, bool cut)
{
    bb_message m;
    bb_claims claims;
    bb_batch b;
    const char *original = cli_value(c, "original");
    bb_envelope envelope = {.source = BB_S("pipe"),
                            .rcpt_to = bb_cstr(c->n_args ? c->args[0] : NULL),
                            .orcpt = bb_cstr(original),
                            .from_line = BB_NO_TIME,
                            .received = c->now,
                            .handed_over = true};
    bb_item item = {.type = BB_ITEM_REPORT, .message = &m, .claims = &claims};
    if (!bb_message_read(&c->arena, bytes, &envelope, reader, &m) ||
        !bb_claims_make(&c->arena, &m, attribution, &claims))
        return bb_fail(&c->err, BB_ENOMEM, "no memory for the message");
    if (cut && !m.truncated) m.truncated = "message size";
    if (bb_conf_home_of(c->conf)->keep_evidence) item.evidence = bytes;
    if (!cli_apply(c, &c->arena, &item, 1, &b)) return false;
    return item.result != BB_RESULT_REFUSED || bb_fail(&c->err, BB_EDATA, "%s", item.why);
}

static bool deliver(cli *c)
{
    const bb_list *only;
    bb_attribution attribution;
    bb_reader reader = {0};
    char *bytes = NULL;
    size_t n = 0;
    bool cut = false;
    bool good = bb_os_read_stream(STDIN_FILENO, BB_MESSAGE_MAX, &bytes, &n, &cut, &c->err) && open_store(c) &&
                cli_lists(c) && cli_list_option(c, false, &only) && cli_attribution(c, only, &attribution) &&
                cli_configured_reader(c, &reader) && store(c, &reader, &attribution, (bb_str){bytes, n}, cut);
    cli_reader_close(&reader);
    free(bytes);
    return good;
}

int cmd_deliver(cli *c)
{
    return deliver(c) ? cli_ok(c) : cli_fail(c); /* which main makes EX_TEMPFAIL */
}
