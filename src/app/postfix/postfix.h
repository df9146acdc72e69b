/* SPDX-License-Identifier: MIT
 *
 * postfix: bouncebox's side of the machine's Postfix: what its configuration says, what it should say, and what was
 * written into it. `bouncebox postfix setup`, `undo` and `check` are a program of their own, since nothing else needs it.
 *
 * Whatever a value is comes from postconf(1), and whatever a table says from postmap(1): Postfix alone reads its language.
 * Ownership  everything lives in the arena of the run. Errors: c->err. Threads: one.
 */
#ifndef BB_APP_POSTFIX_H
#define BB_APP_POSTFIX_H

#include "app/cli/cli.h"

/* ---- what there is (installation.c) ------------------------------------------------------------------ */

typedef struct {
    bb_str name;
    bb_str value;    /* as written, or Postfix's default */
    bb_str expanded; /* the same without any $name in it */
    bool own;        /* main.cf says it */
} postfix_param;

/* A line of master.cf. */
typedef struct {
    bb_str name, type, private, unprivileged, chroot, wakeup, limit, command;
    const bb_str *arguments; /* behind the command: "-o", "name=value"; {} around one with blanks are off */
    size_t n_arguments;
} postfix_service;

typedef struct {
    const char *config_dir;
    postfix_param *params; /* by name */
    size_t n_params;
    postfix_service *services;
    size_t n_services;
    bb_str version; /* "3.7.11" */
} postfix_installation;

/* The folder that holds main.cf, as a whole path. */
bool postfix_config_dir(cli *c, const char *given, const char **out) BB_MUST_USE;
/* config_dir NULL: where postconf says that it is. BB_ENOINPUT: there is no Postfix, or no such folder. */
bool postfix_read(cli *c, const char *config_dir, postfix_installation *out) BB_MUST_USE;
/* The same, as if main.cf and master.cf in config_dir held these texts. */
bool postfix_read_as(cli *c, const char *config_dir, bb_str main_cf, bb_str master_cf,
                     postfix_installation *out) BB_MUST_USE;
/* NULL: Postfix knows no such parameter, and main.cf neither. */
const postfix_param *postfix_param_of(const postfix_installation *in, const char *name);
bb_str postfix_value(const postfix_installation *in, const char *name); /* expanded; "" where there is none */
/* "bouncebox", "unix"; NULL: there is none. */
const postfix_service *postfix_service_of(const postfix_installation *in, const char *name, const char *type);

/* Takes the next item off a list as Postfix writes them: between blanks and commas; what stands in {} is one. */
bool postfix_item(bb_str *rest, bb_str *item);

/* ---- Postfix's programs (installation.c) --------------------------------------------------------------- */

/* argv[0] "postconf", found in PATH or where Debian has it. False: it could not be run at all. */
bool postfix_run(cli *c, const char *const *argv, bb_str input, bb_run *out) BB_MUST_USE;
/* postmap -q KEY TABLE ("regexp:/etc/postfix/x"): the whole key and nothing else. False: the table cannot be read. */
bool postfix_lookup(cli *c, const postfix_installation *in, bb_str table, bb_str key, bb_str *value,
                    bool *found) BB_MUST_USE;
/* In the tables of a list parameter ("transport_maps"), the first that has it. */
bool postfix_lookup_in(cli *c, const postfix_installation *in, const char *name, bb_str key, bb_str *value,
                       bool *found) BB_MUST_USE;

/* ---- whose a domain is (classes.c) ---------------------------------------------------------------------- */

/* The address classes in which Postfix takes mail for others than strangers (ADDRESS_CLASS_README). */
typedef enum {
    POSTFIX_LOCAL = 1,           /* mydestination */
    POSTFIX_VIRTUAL_ALIAS = 2,   /* virtual_alias_domains */
    POSTFIX_VIRTUAL_MAILBOX = 4, /* virtual_mailbox_domains */
    POSTFIX_RELAY = 8            /* relay_domains */
} postfix_class;

/* One row a class. */
typedef struct {
    postfix_class class;
    const char *domains;    /* the parameter that lists its domains */
    const char *recipients; /* the parameter whose tables say who is there; nothing in it: everybody is */
} postfix_class_row;
extern const postfix_class_row postfix_class_rows[];
extern const size_t postfix_class_rows_count;

/* The sum of the classes that have it: 0 where it is no domain of this Postfix, two where main.cf is wrong. False: a table
 * cannot be read; then it is the sum of those that can be told. */
bool postfix_classes_of(cli *c, const postfix_installation *in, bb_str domain, unsigned *classes) BB_MUST_USE;
/* Does a list of domains hold it? Names, tables, files of names, and !not. with_parents: example.com holds a.example.com. */
bool postfix_domain_in(cli *c, const postfix_installation *in, bb_str list, bb_str domain, bool with_parents,
                       bool *found) BB_MUST_USE;

/* ---- what the home asks for (home.c) -------------------------------------------------------------------- */

/* A bounce domain, with the bases of the VERP that lists send from it. */
typedef struct {
    bb_str name;
    bb_str *bases;
    size_t n_bases, cap_bases;
} postfix_domain;

typedef struct {
    const char *path;
    bb_str owner; /* the user whose it is; "" where he has no name */
    uint32_t uid, gid;
    bb_str listen, policy; /* of [serve]; paths are whole */
    postfix_domain *domains;
    size_t n_domains, cap_domains;
} postfix_home;

/* Read by a process of its own, which becomes the owner of the home: this one stays who it is. What that process says is
 * checked, since the owner of the home must not write into Postfix's configuration. */
bool postfix_home_read(cli *c, postfix_home *out) BB_MUST_USE;
/* Takes the next socket off home.listen or home.policy, as Postfix names it: "unix:private/bouncebox" below its queue
 * directory, "inet:[127.0.0.1]:2424". One that its chrooted programs cannot reach is left out. */
bool postfix_socket(cli *c, const postfix_installation *in, bb_str *rest, bb_str *out);

/* ---- main.cf and master.cf as text (text.c) ---------------------------------------------------------------- */

/* What is ours in them: one block at the end, and in the lists of others items that name a file in our folder, or our
 * restriction class. Cutting takes out exactly what putting in wrote, whatever else changed meanwhile. */
#define POSTFIX_POLICY_CLASS "bouncebox_policy"

/* The block, with its marks and the line end before it; "" where there is none. False: its end is missing. */
bool postfix_text_block(bb_str text, bb_str *out);
/* The text without anything of ours; `folder` ends with a slash. The block must be whole. */
bb_str postfix_text_cut(bb_arena *a, bb_str text, bb_str folder);
/* Puts the item first in the list that the last definition of `name` holds. False: main.cf does not define it. */
bool postfix_text_insert(bb_arena *a, bb_str *text, bb_str name, bb_str item);
/* The text with a block behind it; `mode` is named in its mark. */
bb_str postfix_text_append(bb_arena *a, bb_str text, bb_str mode, bb_str body);
/* The mode that the block's mark names; "" where there is no block. */
bb_str postfix_text_mode(bb_str text);

#endif
