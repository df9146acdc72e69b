/* SPDX-License-Identifier: MIT
 *
 * What the files of conf share among themselves.
 */
#ifndef BB_EDGE_CONF_INTERNAL_H
#define BB_EDGE_CONF_INTERNAL_H

#include "edge/conf/conf.h"

/* value.c: checks one written value against its row and puts it into the record. The error says what is wrong with the
 * value and what would be right, without file and line. */
bool bb_conf_set(bb_arena *scratch, const bb_conf_param *p, bb_str value, void *record, bb_err *err) BB_MUST_USE;

#endif
