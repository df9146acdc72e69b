/* SPDX-License-Identifier: MIT
 *
 * What commands need to read mail: rules, the operator's before the program's, and limits.
 */
#include <string.h>
#include <unistd.h>

#include "app/cli/cli.h"
#include "edge/charset/charset.h"

#define RULES_MAX ((size_t)16 << 20)

/* The defaults and the machine's charsets. */
static const bb_mail_options *mail_options(cli *c)
{
    bb_mail_options *options = bb_get(&c->arena, sizeof *options);
    bb_charsets *charsets = bb_get(&c->arena, sizeof *charsets);
    if (!options || !charsets) return NULL;
    *options = bb_mail_defaults;
    options->charset = bb_charset_convert;
    options->charset_ctx = charsets;
    return options;
}

bool cli_reader(cli *c, const char *rules_file, bb_reader *out)
{
    bool has = rules_file && rules_file[0];
    bb_rule_source own = {.name = rules_file};
    if (has && !bb_os_read_file(&c->arena, rules_file, RULES_MAX, &own.text, &c->err))
        return bb_fail_in(&c->err, "rules");
    *out = (bb_reader){.rules = bb_rules_open(&bb_os_alloc, has ? &own : NULL, &c->err), .mail = mail_options(c)};
    return out->rules && (out->mail || bb_fail(&c->err, BB_ENOMEM, "no memory to read mail"));
}

bool cli_configured_reader(cli *c, bb_reader *out)
{
    const char *configured = bb_conf_home_of(c->conf)->rules;
    return cli_reader(c, configured[0] ? cli_path(c, configured) : NULL, out);
}

bool cli_rehearsed_reader(cli *c, bb_reader *out)
{
    const char *given = cli_value(c, "rules");
    return given ? cli_reader(c, given, out) : cli_configured_reader(c, out);
}

bool cli_rules_rehearsed(cli *c, bool dry, const char *how)
{
    return dry || !cli_value(c, "rules") ||
           bb_fail(&c->err, BB_EUSAGE, "--rules goes only %s: what is stored follows the configuration", how);
}

void cli_reader_close(bb_reader *r)
{
    bb_rules *rules = (bb_rules *)(uintptr_t)r->rules;
    bb_rules_free(&rules);
    if (r->mail) bb_charsets_close(r->mail->charset_ctx);
    r->rules = NULL;
}

bool cli_reads_files(const cli *c)
{
    bool files = !c->n_args;
    for (size_t i = 0; i < c->n_args; i++) files |= !bb_remote_is_url(c->args[i]);
    return files;
}

bool cli_reads_servers(const cli *c)
{
    bool servers = false;
    for (size_t i = 0; i < c->n_args; i++) servers |= bb_remote_is_url(c->args[i]);
    return servers;
}

bool cli_mailbox(cli *c, bb_mailbox **out, int *code)
{
    size_t n = 0;
    const char **paths = bb_get_array(&c->arena, c->n_args + 1, sizeof *paths);
    if (!paths) return bb_fail(&c->err, BB_ENOMEM, "no memory");
    if (!c->n_args && isatty(STDIN_FILENO) == 1)
        return bb_fail(&c->err, BB_EUSAGE, "what should be read? Give paths, or the mail on standard input");
    if (!c->n_args) paths[n++] = "-";
    for (size_t i = 0; i < c->n_args; i++) {
        bb_mailbox *tried = NULL;
        if (bb_remote_is_url(c->args[i])) continue;
        bool there = strcmp(c->args[i], "-") == 0 || bb_os_exists(c->args[i]);
        if (there || bb_mailbox_open(&c->args[i], 1, &tried, &c->err)) paths[n++] = c->args[i];
        else *code = cli_fail(c);
        bb_mailbox_close(&tried);
    }
    return bb_mailbox_open(paths, n, out, &c->err);
}

bool cli_read_message(const bb_reader *r, bb_arena *a, const bb_mailbox_message *found, bb_str bytes, bb_time received,
                      bb_message *out)
{
    bb_envelope envelope = {.source = found->source, .from_line = found->from_line, .received = received};
    if (!bb_message_read(a, bytes, &envelope, r, out)) return false;
    if (found->cut && !out->truncated) out->truncated = "message size";
    return true;
}
