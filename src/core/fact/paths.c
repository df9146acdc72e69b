/* SPDX-License-Identifier: MIT
 *
 * Where a message shows the return path it came back to, in the order of docs/design.md section 3, or the address to
 * unsubscribe that it was sent to: of a message that it tells of, that is none.
 */
#include "core/base/address.h"
#include "core/fact/internal.h"

#define MAX_PATHS 64 /* a forger may write any number; the first ones are ours */

/* False: it is none. */
static bool add(bb_message *msg, bb_arena *a, bb_str address)
{
    bb_return_path path;
    address = bb_trim(address);
    if (!address.n || !bb_return_path_read(a, address, &path)) return false;
    for (size_t i = 0; i < msg->n_paths; i++)
        if (bb_ieq(msg->paths[i].address, path.address)) return true;
    bb_return_path *slot = msg->n_paths < MAX_PATHS ? BB_PUSH(a, msg->paths, msg->n_paths, msg->cap_paths) : NULL;
    if (slot) *slot = path;
    return true;
}

/* Every address in the value: header fields such as To may hold several, with names and comments. Ours may be longer
 * than addresses are: SRS makes them so. */
static void add_all(bb_message *msg, bb_arena *a, bb_str value)
{
    for (int i = 0; i < MAX_PATHS && bb_return_path_may_be_in(value); i++) {
        bb_str address = bb_address_find_long(value, &value);
        if (!address.n) return;
        add(msg, a, address);
    }
}

static void add_fields(bb_mail *m, bb_message *msg, const char *name)
{
    for (const bb_field *f = bb_field_get(m->root, name); f && msg->n_paths < MAX_PATHS; f = bb_field_after(f, name))
        add_all(msg, m->arena, bb_value_unfold(m, f->value));
}

/* Delivery agents write one address and nothing else, and some leave out the quotes that its blanks need. */
static void add_whole_fields(bb_mail *m, bb_message *msg, const char *name)
{
    for (const bb_field *f = bb_field_get(m->root, name); f && msg->n_paths < MAX_PATHS; f = bb_field_after(f, name)) {
        bb_str value = bb_value_unfold(m, f->value);
        if (!add(msg, m->arena, value)) add_all(msg, m->arena, value);
    }
}

/* Of the message that came back. */
static void add_returned(bb_message *msg, bb_arena *a, bb_str address)
{
    bb_return_path path;
    if (address.n && bb_return_path_read(a, address, &path) && path.form != BB_FORM_UNSUBSCRIBE) add(msg, a, address);
}

void bb_fact_paths(bb_mail *m, bb_message *msg)
{
    add(msg, m->arena, msg->envelope.rcpt_to);
    add(msg, m->arena, msg->envelope.orcpt);
    add_whole_fields(m, msg, "X-Original-To");
    add_whole_fields(m, msg, "Delivered-To");
    add_fields(m, msg, "To");
    add_returned(msg, m->arena, msg->report.envelope_id);
    add_returned(msg, m->arena, msg->report.postfix_sender);
    add_returned(msg, m->arena, msg->report.original.return_path);
}
