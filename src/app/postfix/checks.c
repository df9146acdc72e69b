/* SPDX-License-Identifier: MIT
 *
 * The one table of checks, in the order in which they are made and listed (docs/postfix-check.md has a line for each).
 */
#include "app/postfix/check.h"

const check_row check_rows[] = {
    {"running", "Postfix runs", check_running},
    {"unreadable", "every table can be read", check_unreadable},
    {"unmapped", "every indexed table is made from its text as it is", check_unmapped},
    {"wildcard", "no wildcard stands where it can never match", check_wildcards},
    {"domain", "a list has a bounce domain", check_domains},
    {"class", "each bounce domain is in one address class", check_classes},
    {"canonical", "no rewriting takes the token out of a return path", check_canonical},
    {"masquerade", "no masquerading takes the bounce domain out of a return path", check_masquerade},
    {"original", "what an alias rewrites is kept in X-Original-To", check_original},
    {"delimiter", "return paths with a + find who they are for", check_delimiter},
    {"refused", "Postfix takes bounces that come to a return path", check_refused},
    {"mailbox", "mail for return paths can be written to its mailbox", check_mailbox},
    {"lmtp", "the daemon answers where Postfix looks for it", check_lmtp},
    {"dsn", "LMTP passes on the return path as it was", check_dsn},
    {"socket", "chrooted services reach the sockets they are told of", check_sockets},
    {"policy", "the policy service that listens is asked", check_policy},
    {"pipe", "what pipe(8) runs is there, and loses no mail", check_pipe},
    {"soft-bounce", "refusals stay refusals", check_soft_bounce},
    {"bounce-service", "Postfix writes bounces", check_bounce_service},
    {"lifetime", "a bounce that has to wait is not thrown away", check_lifetime},
    {"recipient-limit", "a message may have as many recipients as it needs", check_recipient_limit},
    {"waiting", "no bounce waits in the queue", check_waiting},
    {"content-filter", "the content filter gives back what it takes", check_content_filter},
    {"header-checks", "no header or body check throws bounces away", check_header_checks},
    {"amavis", "amavis throws no bounces away", check_amavis},
    {"php", "PHP lets a program say the envelope sender", check_php},
    {"script", "no Return-Path header stands where an envelope sender belongs", check_scripts},
    {"mx", "bounces find the bounce domain", check_mx},
    {"alignment", "bounce domain and From domain belong together", check_alignment},
};
const size_t check_rows_count = BB_COUNT(check_rows);
