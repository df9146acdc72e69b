/* SPDX-License-Identifier: MIT
 *
 * Checks of the programs that send: is a return path the envelope sender, or only a header, which Postfix drops?
 */
#include <glob.h>

#include "app/postfix/check.h"

#define SCRIPT_MAX ((size_t)4 << 20)

/* ---- PHP ------------------------------------------------------------------------------------------------------------ */

static const char *const php_places[] = {"/*/*/php.ini", "/*/*/conf.d/*.ini", "/*/*/pool.d/*.conf", "/php.ini"};

/* "name = value", and in a pool "php_admin_value[name] = value". */
static bb_str ini_value(bb_str line, const char *name)
{
    size_t equals = bb_chr(line, '=');
    if (equals == BB_NPOS || !line.n || line.p[0] == ';' || line.p[0] == '#') return (bb_str){0};
    bb_str key = bb_trim(bb_sub(line, 0, equals)), value = bb_trim(bb_sub(line, equals + 1, BB_NPOS));
    size_t bracket = bb_chr(key, '[');
    if (bracket != BB_NPOS && key.p[key.n - 1] == ']') key = bb_sub(key, bracket + 1, key.n - bracket - 2);
    if (!bb_eq(key, bb_cstr(name))) return (bb_str){0};
    if (value.n > 1 && (value.p[0] == '"' || value.p[0] == '\'') && value.p[value.n - 1] == value.p[0])
        value = bb_sub(value, 1, value.n - 2);
    return value;
}

static void look_at_ini(checkup *k, const char *file)
{
    bb_str rest, line;
    bb_err err = {0};
    if (!bb_os_read_file(&k->c->arena, file, SCRIPT_MAX, &rest, &err)) return;
    for (int i = 1; bb_line(&rest, &line); i++) {
        bb_str forced = ini_value(bb_trim(line), "mail.force_extra_parameters");
        bb_str program = ini_value(bb_trim(line), "sendmail_path");
        bool fixed = bb_find(program, BB_S(" -f")) != BB_NPOS || bb_find(program, BB_S(" -r")) != BB_NPOS;
        if (forced.n)
            check_found(k, CHECK_FAULT,
                        check_text(k, "%s, line %d: mail.force_extra_parameters = " BB_FMT, file, i, BB_ARG(forced)),
                        BB_S("PHP takes this in place of mail()'s fifth parameter: no program can say an envelope "
                             "sender of its own, and "
                             "all mail has this one."),
                        check_text(k, "take the line out of %s, and start PHP's server again", file));
        else if (fixed)
            check_found(k, CHECK_NOTE, check_text(k, "%s, line %d: sendmail_path = " BB_FMT, file, i, BB_ARG(program)),
                        BB_S("That is the envelope sender where mail() gets no fifth parameter; one that is given "
                             "comes behind it, and holds."),
                        BB_S("mail($to, $subject, $message, $headers, '-f' . $returnPath);"));
    }
}

/* Users whom web servers and PHP run as: what they send without -f has their name. */
static bool is_web_user(bb_str address)
{
    static const bb_str names[] = {{"www-data@", 9}, {"apache@", 7}, {"nginx@", 6},
                                   {"http@", 5},     {"wwwrun@", 7}, {"nobody@", 7}};
    for (size_t i = 0; i < BB_COUNT(names); i++)
        if (bb_istarts(address, names[i])) return true;
    return false;
}

static void tell_senders(checkup *k, check_level level, unsigned long long n, const char *where, bb_str who)
{
    if (!n) return;
    check_found(
        k, level,
        check_text(k, "%llu of the messages in the %s have the envelope sender " BB_FMT, n, where, BB_ARG(who)),
        BB_S("A web page sends them without a return path: their bounces go to that user, where nobody reads them."),
        BB_S("mail($to, $subject, $message, $headers, '-f' . $returnPath);"));
}

static void look_into_queue(checkup *k)
{
    bb_str rest = check_queue(k), line, who = {0};
    unsigned long long n = 0;
    while (bb_line(&rest, &line)) {
        size_t at = 0;
        bb_str sender = check_member(line, "sender", &at);
        if (at == BB_NPOS || !is_web_user(sender)) continue;
        who = sender;
        n++;
    }
    tell_senders(k, CHECK_WARNING, n, "queue", who);
}

/* qmgr(8) has a line for each message: "ID: from=<SENDER>, size=...". It may be long ago, and mended since. */
static void look_into_log(checkup *k)
{
    bb_str rest = check_log(k), line, who = {0}, mark = BB_S(": from=<");
    unsigned long long n = 0;
    while (bb_line(&rest, &line)) {
        size_t at = bb_find(line, mark);
        if (at == BB_NPOS || bb_find(line, BB_S("/qmgr[")) == BB_NPOS) continue;
        bb_str sender = bb_sub(line, at + mark.n, BB_NPOS);
        sender = bb_sub(sender, 0, bb_chr(sender, '>'));
        if (!is_web_user(sender)) continue;
        who = sender;
        n++;
    }
    tell_senders(k, CHECK_NOTE, n, "mail log", who);
}

void check_php(checkup *k)
{
    const char *folder = cli_value(k->c, "php");
    size_t files = 0;
    for (size_t i = 0; i < BB_COUNT(php_places); i++) {
        glob_t found;
        bb_str pattern = check_text(k, "%s%s", folder ? folder : "/etc/php", php_places[i]);
        if (pattern.p && glob(pattern.p, 0, NULL, &found) == 0) {
            for (size_t f = 0; f < found.gl_pathc; f++, files++) look_at_ini(k, found.gl_pathv[f]);
            globfree(&found);
        }
    }
    if (folder && !files) bb_fail(&k->c->err, BB_ENOINPUT, "%s: no php.ini is below it", folder);
    look_into_queue(k);
    look_into_log(k);
}

/* ---- scripts ----------------------------------------------------------------------------------------------------------- */

typedef struct {
    int header, time, call; /* lines that have them; 0: none */
    bb_str header_text, time_text;
    bool option; /* an envelope sender is given somewhere */
} traits;

static traits read_script(bb_str text)
{
    traits t = {0};
    bb_str line;
    for (int i = 1; bb_line(&text, &line); i++) {
        size_t header = bb_ifind(line, BB_S("return-path:")), call = bb_find(line, BB_S("mail("));
        size_t bounce = bb_find(line, BB_S("bounce-")), time = bb_find(line, BB_S("time()"));
        if (header != BB_NPOS && !t.header) {
            t.header = i;
            t.header_text = bb_trim(line);
        }
        if (bounce != BB_NPOS && time != BB_NPOS && time > bounce && time - bounce < 24 && !t.time) {
            t.time = i;
            t.time_text = bb_trim(line);
        }
        bool php = call != BB_NPOS && (!call || (!bb_is_alnum(line.p[call - 1]) && line.p[call - 1] != '_'));
        if (php && !t.call && bb_find(line, BB_S("function ")) == BB_NPOS) t.call = i;
        t.option |= bb_find(line, BB_S("'-f")) != BB_NPOS || bb_find(line, BB_S("\"-f")) != BB_NPOS ||
                    bb_find(line, BB_S(" -f ")) != BB_NPOS || bb_ifind(line, BB_S("mail from:")) != BB_NPOS;
    }
    return t;
}

static void judge_script(checkup *k, const char *file, const traits *t)
{
    bb_str php = BB_S("mail($to, $subject, $message, implode(\"\\r\\n\", $headers), '-f' . $returnPath);");
    bb_str mend =
        t->call
            ? check_text(k, BB_FMT "\n(with $returnPath from: bouncebox verp encode)", BB_ARG(php))
            : BB_S("sendmail -i -f RETURN-PATH -- RECIPIENT < message\n(with RETURN-PATH from: bouncebox verp encode)");
    if (t->header)
        check_found(k, t->option ? CHECK_NOTE : CHECK_FAULT,
                    check_text(k, "%s, line %d: " BB_FMT, file, t->header, BB_ARG(bb_sub(t->header_text, 0, 200))),
                    t->option ? BB_S("Postfix drops this header; the envelope sender that is given elsewhere in the "
                                     "file is what counts.")
                              : BB_S("Postfix drops this header (message_drop_headers): the message leaves with "
                                     "whoever runs the program as "
                                     "its envelope sender, and its bounce goes to him."),
                    t->option ? BB_S("take the header out") : mend);
    else if (t->call && !t->option)
        check_found(
            k, CHECK_FAULT, check_text(k, "%s, line %d: mail() without a fifth parameter", file, t->call),
            BB_S("The message leaves with whoever runs PHP as its envelope sender, and its bounce goes to him."), mend);
    if (t->time)
        check_found(k, CHECK_WARNING,
                    check_text(k, "%s, line %d: " BB_FMT, file, t->time, BB_ARG(bb_sub(t->time_text, 0, 200))),
                    BB_S("The time is nobody's number: when a bounce comes, only the address in its text says who is "
                         "meant, which anybody "
                         "can write."),
                    BB_S("bouncebox verp encode --list news --mailing 'issue 12' ADDRESS\n(or, for unsigned return "
                         "paths, your own id of "
                         "the subscriber: 'bounce-' . $id . '@example.com')"));
}

void check_scripts(checkup *k)
{
    size_t at = 0;
    for (const char *file; (file = cli_value_after(k->c, "script", &at)) != NULL;) {
        bb_str text;
        if (!bb_os_read_file(&k->c->arena, file, SCRIPT_MAX, &text, &k->c->err)) return;
        traits t = read_script(text);
        judge_script(k, file, &t);
    }
}
