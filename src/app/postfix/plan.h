/* SPDX-License-Identifier: MIT
 *
 * plan: what Postfix's configuration shall be, as a whole, before any of it is written. It starts from the configuration
 * without anything of ours; a mode fills it; then it is shown, or written, or compared with what is there.
 *
 * Everything is in the arena of the run; the first error stands in c->err and ends it.
 */
#ifndef BB_APP_POSTFIX_PLAN_H
#define BB_APP_POSTFIX_PLAN_H

#include "app/postfix/postfix.h"

/* Ours alone, below Postfix's folder: our tables, the configuration as it was before, and which files we wrote. */
#define PLAN_FOLDER  "bouncebox"
#define PLAN_WRITTEN "written" /* in there: what we wrote, with its hashes */
/* Delivery agents of ours in master.cf are called bouncebox-MODE: each is a socket of that name in private/, where the
 * daemon's own are, too. */
#define PLAN_SERVICE "bouncebox-"

/* A file as it is and as it shall be. */
typedef struct {
    const char *name; /* "main.cf", or that of one in our folder */
    const char *path;
    bb_str before, after;
    bool there, wanted; /* before, after */
    bool indexed;       /* postmap(1) makes an index of it */
    bool known;         /* it is as we wrote it */
    bool record;        /* for undo and for people, not for Postfix */
} plan_file;

enum { PLAN_MAIN, PLAN_MASTER, PLAN_FIRST_OWN };

/* An item that stands first in a list of main.cf, or a parameter that main.cf did not have. */
typedef struct {
    const char *name;
    bb_str value;
    bool item;
} plan_setting;

typedef struct {
    cli *c;
    const char *folder;           /* CONFIG/bouncebox */
    bb_str folder_slash;          /* the same with a slash: what marks an item as ours */
    postfix_installation base;    /* the configuration without anything of ours */
    bb_str base_text[2];          /* main.cf and master.cf of it */
    bb_str mode;                  /* of the new configuration; "" where nothing of ours shall be there */
    const char *regexp, *indexed; /* types of tables: "pcre" or "regexp", "hash" */
    plan_setting *settings;
    size_t n_settings, cap_settings;
    bb_buf services;  /* lines for master.cf */
    plan_file *files; /* PLAN_MAIN, PLAN_MASTER, then those of our folder */
    size_t n_files, cap_files;
    const char **notes; /* what a person must know or do now, a line each */
    size_t n_notes, cap_notes;
} plan;

/* Reads what is there. Refuses where what we wrote was edited since, and shows how. */
bool plan_begin(cli *c, plan *p) BB_MUST_USE;

/* ---- filling it (modes.c, policy.c) ------------------------------------------------------------------ */

/* Puts the item first in a list of main.cf; what is there, or Postfix's default, follows. */
bool plan_prepend(plan *p, const char *name, bb_str item) BB_MUST_USE;
/* A parameter that main.cf must not have. */
bool plan_set(plan *p, const char *name, bb_str value) BB_MUST_USE;
/* A file of our folder. Answers how main.cf names it: "TYPE:PATH", or its path where type is NULL. */
bool plan_table(plan *p, const char *type, const char *name, bb_str text, bb_str *named) BB_MUST_USE;
/* The service bouncebox-MODE in master.cf, as its columns behind the name say; nobody else may have it. */
bool plan_service(plan *p, bb_str columns) BB_MUST_USE;
void plan_note(plan *p, const char *fmt, ...) BB_PRINTF(2, 3);

/* ---- what becomes of it ------------------------------------------------------------------------------- */

/* Makes the texts. Afterwards it may be asked and applied. */
bool plan_end(plan *p) BB_MUST_USE;
bool plan_changes(const plan_file *f);
size_t plan_changed(const plan *p);
/* All changes as diff(1) shows them. */
bool plan_diff(plan *p, bb_str *out) BB_MUST_USE;
/* Writes it, has Postfix check it, and has a running Postfix read it. Where Postfix refuses it, all is as it was. */
bool plan_apply(plan *p, bool *reloaded) BB_MUST_USE;
/* Shows or does it, and says so: the end of setup and of undo. */
int plan_finish(plan *p, const char *nothing);

/* ---- modes -------------------------------------------------------------------------------------------- */

typedef struct {
    const char *name, *what; /* what becomes of a bounce */
    bool (*fill)(plan *p, const postfix_home *h);
} postfix_mode;
extern const postfix_mode postfix_modes[];
extern const size_t postfix_modes_count;

/* policy.c: has smtpd(8) ask the policy service of the daemon, where `socket` names one as Postfix does. */
bool postfix_policy(plan *p, bb_str socket) BB_MUST_USE;

#endif
