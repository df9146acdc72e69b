/* SPDX-License-Identifier: MIT
 *
 * sites: the bounce domains as Postfix sees them (in which address class each stands, or in none), and the tables that
 * are made of them. Errors: p->c->err.
 */
#ifndef BB_APP_POSTFIX_SITES_H
#define BB_APP_POSTFIX_SITES_H

#include "app/postfix/plan.h"

typedef struct {
    const postfix_domain *domain;
    postfix_class class; /* 0: in none, so it holds nothing but return paths */
} site;

typedef struct {
    site *items;
    size_t n;
} sites;

/* Refuses a domain that stands in two classes, and one whose mail goes elsewhere. */
bool sites_read(plan *p, const postfix_home *h, sites *out) BB_MUST_USE;
bool sites_have(const sites *all, postfix_class class); /* 0: one in none */
const postfix_class_row *site_class_row(postfix_class class);

/* Refuses where canonical(5), which comes before everything else, writes another address for return paths. */
bool sites_not_rewritten(plan *p, const sites *all) BB_MUST_USE;

/* Each puts a table into the plan; *named is how main.cf names it. */
/* Patterns of all return paths (verp: those that hold an address, too), each with the result. */
bool sites_table(plan *p, const sites *all, bool verp, const char *name, const char *what, bb_str result,
                 bb_str *named) BB_MUST_USE;
/* Return paths as they are, for virtual_alias_maps of others. */
bool sites_aliases(plan *p, const sites *all, bb_str *named) BB_MUST_USE;
bool sites_transport(plan *p, const sites *all, bb_str to, bb_str *named) BB_MUST_USE;
/* Names of those that are in no class. */
bool sites_domains(plan *p, const sites *all, bb_str *named) BB_MUST_USE;
/* base@domain of all lists that send VERP. */
bool sites_bases(plan *p, const sites *all, bb_str result, bb_str *named) BB_MUST_USE;

#endif
