/* SPDX-License-Identifier: MIT
 *
 * What the files of fact share among themselves.
 */
#ifndef BB_CORE_FACT_INTERNAL_H
#define BB_CORE_FACT_INTERNAL_H

#include "core/fact/fact.h"

/* When it happened, before it is clamped to a token's day: never later than env->received. */
bb_time bb_fact_event_time(bb_mail *m, const bb_envelope *env);

/* The host whose Postfix wrote it as a notice of its own; empty: somebody sent it, or nobody knows. */
bb_str bb_fact_noticed_by(bb_mail *m, const bb_envelope *env);

/* Did a machine write it in answer to another message (RFC 3834)? The report is read already. */
bool bb_fact_is_automatic(bb_mail *m, const bb_message *msg);

/* Every return path the message or its envelope shows, most telling first. */
void bb_fact_paths(bb_mail *m, bb_message *msg);

/* The key by which a report is known whatever the rules of the day make of it. */
bb_hash bb_fact_key(bb_mail *m, const bb_message *msg);

#endif
